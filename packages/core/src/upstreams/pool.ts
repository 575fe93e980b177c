/** @module Every live upstream, kept in step with the registry. */
import type { Answer, Ask, JsonText, TokenUsage } from '@forge/protocol';
import { ForgeError } from '@forge/protocol';
import type { UpstreamRecord } from '../contracts/model.ts';
import type { UpstreamAdapter } from '../contracts/upstream-adapter.ts';
import type { Discovered, UpstreamPool, UpstreamStatus } from '../contracts/upstream-pool.ts';
import { type HealthOptions, type ManagedUpstream, manageUpstream } from './managed-upstream.ts';
import { after, every } from './timer.ts';

/** A connection made for a record that is being registered waits this long to be taken over, in ms. */
const CANDIDATE_MS = 30_000;
/** Candidates held at once. */
const MAX_CANDIDATES = 64;

/** What the pool tells the rest of Forge. */
export interface PoolHooks {
  listsRead(upstreamId: string, discovered: Discovered): Promise<{ readonly changed: boolean }>;
  availabilityChanged(): void;
  resourceUpdated(upstreamId: string, uri: string, params: JsonText): void;
  taskChanged(upstreamId: string, taskId: string, params: JsonText): void;
  used?(upstreamId: string, usage: TokenUsage): void;
  sessionNote(sessionId: string, method: string, params: JsonText | undefined): void;
  sessionAsk(sessionId: string, ask: Ask): Promise<Answer>;
}

/** The pool as the data plane uses it. */
export interface LivePool extends UpstreamPool {
  get(upstreamId: string): ManagedUpstream | undefined;
  /** What clients want to be told of, as `Upstream.watch` takes it; holds for every later connection. */
  watch(upstreamId: string, uris: ReadonlySet<string>, taskIds: ReadonlySet<string>): PromiseLike<unknown> | undefined;
  /** Opens what is new, closes what is gone, replaces what is reached another way now. `records`: enabled ones, unsealed. */
  sync(records: readonly UpstreamRecord[]): Promise<void>;
  sessionEnded(sessionId: string): void;
  close(): Promise<void>;
  readonly size: number;
}

/** An empty pool. */
export function createPool(adapters: readonly UpstreamAdapter[], hooks: PoolHooks, health: HealthOptions): LivePool {
  const live = new Map<string, ManagedUpstream>();
  const candidates = new Map<string, { managed: ManagedUpstream; drop: () => void }>();
  const watched = new Map<string, readonly [uris: ReadonlySet<string>, taskIds: ReadonlySet<string>]>();
  const stopChecks = every(Math.max(health.checkIntervalMs / 4, 250), () => {
    for (const managed of live.values()) managed.check();
  });

  function adapterFor({ transport }: UpstreamRecord): UpstreamAdapter {
    const adapter = adapters.find((candidate) => candidate.transports.includes(transport));
    if (adapter) return adapter;
    throw new ForgeError('not_implemented', `This Forge has no adapter for the transport "${transport}"`);
  }

  function open(record: UpstreamRecord): ManagedUpstream {
    const adapter = adapterFor(record);
    const { id } = record;
    const current = (): ManagedUpstream | undefined => live.get(id) ?? candidates.get(id)?.managed;
    const upstream = adapter.create(record, {
      listChanged: () => current()?.listChanged(),
      resourceUpdated: (uri, params) => hooks.resourceUpdated(id, uri, params),
      taskChanged: (taskId, params) => hooks.taskChanged(id, taskId, params),
      used: (usage) => hooks.used?.(id, usage),
      sessionNote: (sessionId, method, params) => hooks.sessionNote(sessionId, method, params),
      sessionAsk: (sessionId, ask) => hooks.sessionAsk(sessionId, ask),
      lost: (error) => current()?.lost(error),
    });
    return manageUpstream(
      record,
      upstream,
      {
        listsRead: (discovered) => hooks.listsRead(id, discovered),
        availabilityChanged: () => hooks.availabilityChanged(),
      },
      health,
    );
  }

  function keepCandidate(managed: ManagedUpstream): void {
    const { id } = managed.record;
    const drop = after(CANDIDATE_MS, () => {
      candidates.delete(id);
      void managed.close();
    });
    candidates.set(id, { managed, drop });
  }

  function takeCandidate(record: UpstreamRecord): ManagedUpstream | undefined {
    const candidate = candidates.get(record.id);
    if (!candidate) return undefined;
    candidates.delete(record.id);
    candidate.drop();
    if (reachedBy(candidate.managed.record) === reachedBy(record)) return candidate.managed;
    void candidate.managed.close();
    return undefined;
  }

  return {
    get size() {
      return live.size;
    },
    get: (upstreamId) => live.get(upstreamId),
    watch(upstreamId, uris, taskIds) {
      if (uris.size + taskIds.size === 0) watched.delete(upstreamId);
      else watched.set(upstreamId, [uris, taskIds]);
      return live.get(upstreamId)?.upstream.watch(uris, taskIds);
    },
    check(record) {
      const adapter = adapterFor(record);
      if (adapter.check) adapter.check(record);
      else if (record.config !== undefined || record.secrets !== undefined) {
        throw new ForgeError('validation_failed', `config: upstreams of the transport "${record.transport}" have none`);
      }
    },
    destinations(record) {
      const own = record.url === undefined ? [] : [new URL(record.url).origin];
      return [...own, ...(adapterFor(record).destinations?.(record) ?? [])];
    },
    async discover(record) {
      const known = live.get(record.id);
      if (known && reachedBy(known.record) === reachedBy(record)) {
        await known.lookAgain();
        return known.refresh();
      }
      if (candidates.size >= MAX_CANDIDATES)
        throw new ForgeError('overloaded', 'Too many gateways are being registered', { retryAfter: 5 });
      const managed = takeCandidate(record) ?? open(record);
      keepCandidate(managed);
      try {
        return await managed.refresh();
      } catch (error) {
        takeCandidate(record);
        await managed.close();
        throw error;
      }
    },
    status(upstreamId): UpstreamStatus {
      return live.get(upstreamId)?.status() ?? { state: 'disabled', since: 0 };
    },
    async sync(records) {
      const wanted = new Map(records.map((record) => [record.id, record]));
      const closing: Promise<void>[] = [];
      for (const [id, managed] of live) {
        const record = wanted.get(id);
        if (record && reachedBy(record) === reachedBy(managed.record)) continue;
        live.delete(id);
        closing.push(managed.close());
      }
      for (const record of records) {
        if (live.has(record.id)) continue;
        const managed = takeCandidate(record) ?? open(record);
        live.set(record.id, managed);
        const wish = watched.get(record.id);
        if (wish) managed.upstream.watch(...wish);
        managed.start();
      }
      await Promise.all(closing);
    },
    sessionEnded(sessionId) {
      for (const managed of live.values()) managed.upstream.sessionEnded(sessionId);
    },
    async close() {
      stopChecks();
      const all = [...live.values(), ...[...candidates.values()].map(({ managed }) => managed)];
      for (const { drop } of candidates.values()) drop();
      live.clear();
      candidates.clear();
      await Promise.all(all.map((managed) => managed.close()));
    },
  };
}

/** Two records with the same text are reached the same way, so the connection may stay. */
function reachedBy(record: UpstreamRecord): string {
  const { name, transport, url, command, args, env, cwd, headers, config, secrets, era, timeoutMs } = record;
  return JSON.stringify([name, transport, url, command, args, env, cwd, headers, config, secrets, era, timeoutMs]);
}
