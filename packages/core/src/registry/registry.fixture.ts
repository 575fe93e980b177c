/** @module A registry on real parts in memory, with a pool of upstreams that are lists in this process. */
import { ForgeError, JsonText } from '@forge/protocol';
import type { Bus, BusMessage } from '../contracts/bus.ts';
import type { Principal } from '../contracts/principal.ts';
import type { UpstreamRecord } from '../contracts/model.ts';
import type { Store } from '../contracts/store.ts';
import type { Discovered, UpstreamPool } from '../contracts/upstream-pool.ts';
import { createMemoryBus } from '../memory/memory-bus.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { createRegistry, type Registry } from './registry.ts';
import { createSealer, type Sealer } from './sealer.ts';

export const ADMIN: Principal = { id: 'admin@example.com', admin: true };
export const ALICE: Principal = { id: 'alice@example.com', admin: false };
export const BOUND: Principal = { id: 'admin@example.com', admin: true, serverId: 'only' };

/** An upstream's lists by name; what the definitions hold is up to the test. */
export interface Lists {
  tools?: readonly string[];
  prompts?: readonly string[];
  resources?: readonly string[];
  templates?: readonly string[];
}

/** What {@link setUp} makes. */
export interface SetUp {
  readonly registry: Registry;
  readonly store: Store;
  readonly bus: Bus;
  readonly sealer: Sealer;
  /** Lists by host of the URL, or by command. Hosts without lists cannot be reached. */
  readonly lists: Map<string, Lists>;
  /** Records that the pool was asked to connect, with their secrets. */
  readonly discovered: UpstreamRecord[];
  readonly messages: BusMessage[];
}

/** Everything that a registry needs. */
export function setUp({
  allowStdio = true,
  protocolVersions,
}: { allowStdio?: boolean; protocolVersions?: readonly string[] } = {}): SetUp {
  const store = createMemoryStore();
  const bus = createMemoryBus();
  const sealer = createSealer('a secret for tests');
  const lists = new Map<string, Lists>();
  const discovered: UpstreamRecord[] = [];
  const messages: BusMessage[] = [];
  bus.subscribe((message) => messages.push(message));
  const pool: UpstreamPool = {
    check() {},
    destinations: ({ url }) => (url === undefined ? [] : [new URL(url).origin]),
    async discover(record) {
      discovered.push(record);
      const host = record.command ?? new URL(record.url ?? '').host;
      const found = lists.get(host);
      if (!found) throw new ForgeError('upstream_unreachable', `${host} does not answer`);
      return toDiscovered(found);
    },
    status: () => ({ state: 'connected', since: 0 }),
  };
  const registry = createRegistry({ store, bus, pool, sealer, allowStdio, protocolVersions });
  return { registry, store, bus, sealer, lists, discovered, messages };
}

/** Lists as the pool brings them. */
export function toDiscovered({ tools = [], prompts = [], resources = [], templates = [] }: Lists): Discovered {
  const item = (key: string) => (text: string) => {
    const [name = '', description] = text.split('|');
    return { name, definition: JSON.stringify({ [key]: name, name, description, inputSchema: { type: 'object' } }) };
  };
  return {
    tools: tools.map(item('name')),
    prompts: prompts.map(item('name')),
    resources: resources.map(item('uri')),
    templates: templates.map(item('uriTemplate')),
    skipped: [],
    info: {
      era: 'modern',
      protocolVersion: '2026-07-28',
      transport: 'streamable-http',
      reason: 'it answered server/discover',
      description: {
        serverInfo: JsonText.of({ name: 'fixture', version: '1' }),
        capabilities: JsonText.of({ tools: {} }),
        ttlMs: 0,
        cacheScope: 'private',
      },
    },
  };
}
