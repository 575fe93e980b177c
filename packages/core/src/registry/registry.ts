/** @module The control plane's service: every change of what is registered goes through it. */
import { SUPPORTED_VERSIONS } from '@forge/protocol';
import type { AddressPolicy } from '../addresses/address-policy.ts';
import type { Bus } from '../contracts/bus.ts';
import type { AuditRecord, ToolRecord, UpstreamRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { Page, Store } from '../contracts/store.ts';
import type { UpstreamPool } from '../contracts/upstream-pool.ts';
import { createPlugins, type PluginSet } from '../plugins/plugin-set.ts';
import { requireAdmin } from './access.ts';
import { checkLine, invalid } from './checks.ts';
import type { RegistryContext } from './context.ts';
import { createItems, type ItemPatch, type ItemRegistry, refuseForeign } from './items.ts';
import { createPrompts, type PromptRegistry } from './prompts.ts';
import { createResources, type ResourceRegistry } from './resources.ts';
import { type ItemKind } from './rows.ts';
import type { Sealer } from './sealer.ts';
import { unsealUpstream } from './secrets.ts';
import { createServers, type ServerRegistry } from './servers.ts';
import { createUpstreams, type UpstreamRegistry } from './upstreams.ts';
import { createUsers, type UserRegistry } from './users.ts';

/** Options of {@link createRegistry}. */
export interface RegistryOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly pool: UpstreamPool;
  readonly sealer: Sealer;
  /** Upstreams on stdio run commands of an administrator's choice on this machine. @default false */
  readonly allowStdio?: boolean | undefined;
  /** Which hosts upstreams may be at. @default all but link-local and metadata addresses */
  readonly addresses?: AddressPolicy | undefined;
  /** Between slug and original name in aggregates. @default '-' */
  readonly separator?: string | undefined;
  /** Revisions of the protocol that virtual servers may choose from. @default all */
  readonly protocolVersions?: readonly string[] | undefined;
  /** What chains of tools may name. @default none */
  readonly plugins?: PluginSet | undefined;
  /** @default Date.now */
  readonly now?: (() => number) | undefined;
  /** @default 32 random hexadecimal digits */
  readonly newId?: (() => string) | undefined;
}

/** What may change about a tool; absent stays. Chains are replaced as a whole, and `[]` takes one away. */
export interface ToolPatch extends ItemPatch {
  /** Names of plugins. */
  readonly pluginChainPre?: readonly string[] | undefined;
  /** Names of plugins. */
  readonly pluginChainPost?: readonly string[] | undefined;
}

/** How many items of each kind an upstream has, enabled or not. */
export type ItemCounts = Readonly<Record<ItemKind, number>>;

/** A token to be refused from now on. */
export interface Revocation {
  readonly jti: string;
  /** When it would have expired. @default never */
  readonly expiresAt?: number | undefined;
}

/**
 * The registry. Functions take the acting principal: changes need an administrator, others read what is public or their
 * own. All throw ForgeError: `forbidden`, `not_found`, `validation_failed`, `conflict`.
 */
export interface Registry {
  readonly upstreams: UpstreamRegistry;
  readonly tools: ItemRegistry<ToolRecord, ToolPatch>;
  /** What chains of tools may name. */
  readonly plugins: PluginSet;
  readonly prompts: PromptRegistry;
  readonly resources: ResourceRegistry;
  readonly servers: ServerRegistry;
  readonly users: UserRegistry;
  readonly tokens: { revoke(principal: Principal, token: Revocation): Promise<void> };
  readonly audit: {
    list(principal: Principal, query: { limit: number; cursor?: string | undefined }): Promise<Page<AuditRecord>>;
  };
  /** Revisions of the protocol that virtual servers may choose from, in order of preference. */
  readonly protocolVersions: readonly string[];
  /** Items per upstream id; remembered until something changes. */
  counts(): Promise<ReadonlyMap<string, ItemCounts>>;
  /** For the pool only: a record as stored, with its secrets in the clear. */
  unsealedUpstream(record: UpstreamRecord): Promise<UpstreamRecord>;
}

/** The last moment that a `Date` can hold. */
const NEVER = 8_640_000_000_000_000;
const MAX_JTI = 256;

/**
 * Makes a registry.
 *
 * @example
 * const registry = createRegistry({ store, bus, pool, sealer: createSealer(secret) });
 * await registry.upstreams.create(principal, { name: 'git', url: 'http://localhost:9000/mcp' });
 */
export function createRegistry(options: RegistryOptions): Registry {
  const { store, bus, pool, sealer } = options;
  let counts: Promise<ReadonlyMap<string, ItemCounts>> | undefined;
  const forgetCounts = (): void => void (counts = undefined);
  bus.subscribe(forgetCounts);
  const context: RegistryContext = {
    store,
    pool,
    sealer,
    allowStdio: options.allowStdio ?? false,
    addresses: options.addresses,
    separator: options.separator ?? '-',
    protocolVersions: options.protocolVersions ?? SUPPORTED_VERSIONS,
    plugins: options.plugins ?? createPlugins([]),
    now: options.now ?? Date.now,
    newId: options.newId ?? randomId,
    async changed() {
      forgetCounts();
      await bus.publish({ type: 'changed' });
    },
  };

  return {
    upstreams: createUpstreams(context),
    tools: createItems<ToolRecord, ToolPatch>(context, {
      kind: 'tools',
      noun: 'tool',
      edit: (row, patch) => editTool(context.plugins, row, patch),
    }),
    plugins: context.plugins,
    prompts: createPrompts(context),
    resources: createResources(context),
    servers: createServers(context),
    users: createUsers(context),
    tokens: {
      async revoke(principal, { jti, expiresAt = NEVER }) {
        requireAdmin(principal);
        if (!Number.isInteger(expiresAt)) throw invalid('expiresAt', 'must be milliseconds since 1970');
        const id = checkLine('jti', jti, MAX_JTI);
        await store.revokedTokens.add({ jti: id, revokedAt: context.now(), expiresAt });
        await bus.publish({ type: 'token-revoked', jti: id });
      },
    },
    audit: {
      async list(principal, query) {
        requireAdmin(principal);
        return store.audit.list(query);
      },
    },
    protocolVersions: context.protocolVersions,
    counts() {
      counts ??= countItems(store).catch((error: unknown) => {
        forgetCounts();
        throw error;
      });
      return counts;
    },
    unsealedUpstream: (record) => unsealUpstream(sealer, record),
  };
}

function editTool(plugins: PluginSet, row: ToolRecord, patch: ToolPatch): ToolRecord {
  const { description, pluginChainPre = row.pluginChainPre, pluginChainPost = row.pluginChainPost } = patch;
  const before = (JSON.parse(row.definition) as { description?: unknown }).description ?? '';
  if (description !== undefined && description !== before) refuseForeign(row, 'description');
  return { ...row, ...plugins.check({ pluginChainPre, pluginChainPost }, row) };
}

async function countItems(store: Store): Promise<ReadonlyMap<string, ItemCounts>> {
  const counts = new Map<string, Record<ItemKind, number>>();
  for (const kind of ['tools', 'resources', 'prompts'] as const) {
    for (const { upstreamId } of await store[kind].all()) {
      if (upstreamId === undefined) continue;
      const count = counts.get(upstreamId) ?? { tools: 0, resources: 0, prompts: 0 };
      count[kind] += 1;
      counts.set(upstreamId, count);
    }
  }
  return counts;
}

function randomId(): string {
  return crypto.randomUUID().replaceAll('-', '');
}
