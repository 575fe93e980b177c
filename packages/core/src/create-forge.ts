/** @module Assembles registry, catalog, pipeline and upstream pool into one Forge. */
import type { Endpoint, TokenUsage } from '@forge/protocol';
import type { AddressPolicy } from './addresses/address-policy.ts';
import { type Catalog, createCatalog } from './catalog/catalog.ts';
import { loadSnapshot } from './catalog/snapshot.ts';
import type { Bus } from './contracts/bus.ts';
import type { Interceptor } from './contracts/interceptor.ts';
import type { Plugin, PluginEvent } from './contracts/plugin.ts';
import type { Principal, PrincipalDirectory } from './contracts/principal.ts';
import type { Store } from './contracts/store.ts';
import type { UpstreamAdapter } from './contracts/upstream-adapter.ts';
import { createMemoryBus } from './memory/memory-bus.ts';
import { composePipeline } from './pipeline/pipeline.ts';
import { createPlugins, type PluginSet } from './plugins/plugin-set.ts';
import { pluginStep } from './plugins/run-chain.ts';
import { changedAnything } from './registry/refresh.ts';
import { createRegistry, type Registry } from './registry/registry.ts';
import type { Sealer } from './registry/sealer.ts';
import type { Identity } from './serving/describe.ts';
import { createForgeEndpoint, dispatch, type EndpointParts } from './serving/forge-endpoint.ts';
import { createSubscriptions } from './serving/subscriptions.ts';
import { createTaskIds } from './serving/tasks.ts';
import type { HealthOptions } from './upstreams/managed-upstream.ts';
import { createPool, type LivePool } from './upstreams/pool.ts';

/** What a Forge is made of. */
export interface ForgeOptions {
  readonly store: Store;
  /** Seals credentials at rest, and the ids of tasks that clients see. */
  readonly sealer: Sealer;
  /** The transports that upstreams may have. */
  readonly adapters: readonly UpstreamAdapter[];
  /** Tells replicas of changes. @default a bus within this process */
  readonly bus?: Bus;
  /** Around every call, first outermost. @default none */
  readonly interceptors?: readonly Interceptor[];
  /** Around calls of tools, inside of the interceptors: see {@link Plugin}. @default none */
  readonly plugins?: readonly Plugin[];
  /** Told what plugins deny, and how they fail. @default nobody */
  readonly onPluginEvent?: (event: PluginEvent) => void;
  /** Around what plugins let through, such as `retryCalls`: a plugin is asked once for all attempts. @default none */
  readonly innerInterceptors?: readonly Interceptor[];
  /** Whether administrators may register upstreams that this process launches. @default false */
  readonly allowStdio?: boolean;
  /** Which hosts upstreams may be at; adapters ask it with each connection. @default see `createAddressPolicy` */
  readonly addresses?: AddressPolicy;
  /** Between an upstream's slug and a name in aggregates. @default '-' */
  readonly nameSeparator?: string;
  /** Revisions of the protocol that are served, in order of preference. @default all, newest first */
  readonly protocolVersions?: readonly string[];
  /** Items on a page of a list. @default 1000 */
  readonly pageSize?: number;
  /** How long clients may remember a list, in ms, unless an upstream says less; they are told of changes anyway. @default 5000 */
  readonly listTtlMs?: number;
  /** Is told what models behind an upstream counted, call by call; must be quick and must not throw. @default nobody */
  readonly onUsage?: (upstreamId: string, usage: TokenUsage) => void;
  /** @default see {@link HealthOptions} */
  readonly health?: Partial<HealthOptions>;
  /** How Forge names itself. @default { name: 'forge', version: '0' } */
  readonly identity?: Identity;
}

/** A running Forge. */
export interface Forge {
  readonly registry: Registry;
  readonly catalog: Catalog;
  readonly pool: LivePool;
  readonly directory: PrincipalDirectory;
  readonly plugins: PluginSet;
  /** Clients that listen at the moment. */
  readonly listeners: number;
  /**
   * What an edge serves to `principal` at a virtual server (`undefined`: the aggregate of everything), or `undefined`
   * when there is none for it there.
   */
  endpoint(serverId: string | undefined, principal: Principal): Endpoint | undefined;
  /** Ends upstreams and what they run, and plugins. The store stays open: it is its owner's. */
  close(): Promise<void>;
}

const HEALTH: HealthOptions = {
  unhealthyThreshold: 3,
  retryMs: 250,
  maxRetryMs: 15_000,
  checkIntervalMs: 60_000,
  eraIntervalMs: 86_400_000,
};

/**
 * Migrates the store, reads it and begins to connect its upstreams; resolves without waiting for them.
 *
 * @example
 * const forge = await createForge({ store: createMemoryStore(), sealer: createSealer(secret), adapters: [] });
 */
export async function createForge(options: ForgeOptions): Promise<Forge> {
  const { store } = options;
  const bus = options.bus ?? createMemoryBus();
  const listTtlMs = options.listTtlMs ?? 5000;
  const endpoints = new Map<string, Endpoint>();
  const plugins = createPlugins(options.plugins ?? [], options.onPluginEvent);

  const catalog: Catalog = createCatalog({
    separator: options.nameSeparator ?? '-',
    pageSize: options.pageSize ?? 1000,
    listTtlMs,
    listTtlOf: (id) => pool.get(id)?.listTtlMs,
    outage: (id) => pool.get(id)?.outage(),
    chain: (tool, place) => plugins.chain(tool, place),
  });
  const taskIds = createTaskIds(options.sealer);
  const subscriptions = createSubscriptions({
    viewOf: (serverId, principal) => catalog.view(serverId, principal),
    taskOf: (id, serverId, principal) => taskIds.open(id, serverId, principal),
    watch: (upstreamId, { uris, taskIds }) => pool.watch(upstreamId, uris, taskIds),
  });
  const pool: LivePool = createPool(
    options.adapters,
    {
      async listsRead(upstreamId, discovered) {
        return { changed: changedAnything(await registry.upstreams.refresh(SYSTEM, upstreamId, discovered)) };
      },
      availabilityChanged() {
        catalog.invalidate();
        subscriptions.viewsChanged();
      },
      resourceUpdated: (upstreamId, uri, params) => subscriptions.resourceUpdated(upstreamId, uri, params),
      taskChanged: (upstreamId, taskId, params) => subscriptions.taskChanged(upstreamId, taskId, params),
      used: (upstreamId, usage) => options.onUsage?.(upstreamId, usage),
      sessionNote: (sessionId, method, params) => subscriptions.sessionNote(sessionId, method, params),
      sessionAsk: (sessionId, ask) => subscriptions.sessionAsk(sessionId, ask),
    },
    { ...HEALTH, ...options.health },
  );
  const registry = createRegistry({
    store,
    // Whoever changes something finds it served when the change returns.
    bus: {
      ...bus,
      async publish(message) {
        await bus.publish(message);
        await reload();
      },
    },
    pool,
    sealer: options.sealer,
    allowStdio: options.allowStdio,
    addresses: options.addresses,
    separator: options.nameSeparator,
    protocolVersions: options.protocolVersions,
    plugins,
  });

  let epoch = 0;
  let loading: Promise<void> | undefined;
  let stale = false;

  async function load(): Promise<void> {
    do {
      stale = false;
      epoch += 1;
      const snapshot = await loadSnapshot(store, epoch);
      const enabled = [...snapshot.upstreams.values()].filter((record) => record.enabled);
      catalog.replace(snapshot);
      for (const id of endpoints.keys()) if (id !== '' && !snapshot.servers.has(id)) endpoints.delete(id);
      await pool.sync(await Promise.all(enabled.map((record) => registry.unsealedUpstream(record))));
      catalog.invalidate();
      subscriptions.viewsChanged();
    } while (stale);
  }

  /** One load at a time; a change during a load causes one more, which all waiting callers share. */
  function reload(): Promise<void> {
    if (loading) stale = true;
    loading ??= load().finally(() => {
      loading = undefined;
    });
    return loading;
  }

  await store.migrate();
  await reload();
  // A failed load keeps the snapshot before it; the next change tries again.
  const stopListening = bus.subscribe((message) => {
    if (message.type === 'changed') reload().catch(() => undefined);
  });

  const parts: EndpointParts = {
    catalog,
    pool,
    subscriptions,
    taskIds,
    pipeline: composePipeline(
      options.interceptors ?? [],
      pluginStep(composePipeline(options.innerInterceptors ?? [], dispatch(catalog, pool, taskIds, listTtlMs))),
    ),
    identity: options.identity ?? { name: 'forge', version: '0' },
    describeWaitMs: 5000,
    protocolVersions: options.protocolVersions,
  };

  return {
    registry,
    catalog,
    pool,
    plugins,
    get listeners() {
      return subscriptions.size;
    },
    directory: {
      find(email) {
        return catalog.snapshot.principals.get(email) ?? catalog.snapshot.principals.get(email.toLowerCase());
      },
    },
    endpoint(serverId, principal) {
      if (!catalog.view(serverId, principal)) return undefined;
      const key = serverId ?? '';
      const known = endpoints.get(key);
      if (known) return known;
      const endpoint = createForgeEndpoint(serverId, parts);
      endpoints.set(key, endpoint);
      return endpoint;
    },
    async close() {
      stopListening();
      await pool.close();
      await plugins.close();
      if (!options.bus) await bus.close();
    },
  };
}

/** Forge acting for itself. */
const SYSTEM: Principal = { id: 'forge', admin: true };
