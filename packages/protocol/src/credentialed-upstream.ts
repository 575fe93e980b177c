/**
 * @module One server with an upstream for each credential: where a channel is opened with one, everything on it is said in
 * its name.
 */
import type { Outcome } from './exchange.ts';
import { ForgeError } from './errors.ts';
import { errorOutcome } from './outcome.ts';
import { createSessionPool, type PooledSession } from './rpc-link-sessions.ts';
import type { Upstream, UpstreamEvents, UpstreamInfo } from './upstream.ts';

/** Options of {@link createCredentialedUpstream}. */
export interface CredentialedUpstreamOptions {
  /** An upstream for callers with this credential; `undefined` is the configured one. Does not connect. */
  create(authorization: string | undefined, events: UpstreamEvents): Upstream;
  readonly events: UpstreamEvents;
  /** Clients' own credentials in use at one time. */
  readonly maxCredentials: number;
  /** After how many ms the upstream of one is closed when it is not used. */
  readonly idleMs: number;
}

/** An upstream whose calls go by the credential of their clients. */
export interface CredentialedUpstream extends Upstream {
  /** With the configured credential, or another one. @throws ForgeError */
  connect(authorization?: string): Promise<UpstreamInfo>;
}

interface Entry extends PooledSession {
  readonly upstream: Upstream;
  calls: number;
}

/**
 * Calls with `upstreamAuthorization` get an upstream that nobody else uses; all others share the main one, which is also
 * the one that is watched and whose loss is told.
 *
 * @example
 * const upstream = createCredentialedUpstream({ create, events, maxCredentials: 256, idleMs: 300_000 });
 */
export function createCredentialedUpstream(options: CredentialedUpstreamOptions): CredentialedUpstream {
  const { events } = options;
  const main = options.create(undefined, events);
  const all = new Set([main]);
  const pool = createSessionPool<Entry>({ maxSessions: options.maxCredentials, idleMs: options.idleMs });
  // Of the upstreams of single callers nobody is told: their next call connects again.
  const unlost: UpstreamEvents = {
    lost() {},
    listChanged: (kind) => events.listChanged(kind),
    resourceUpdated: (uri, params) => events.resourceUpdated(uri, params),
    sessionNote: (sessionId, method, params) => events.sessionNote(sessionId, method, params),
    sessionAsk: (sessionId, ask) => events.sessionAsk(sessionId, ask),
  };

  async function open(authorization: string): Promise<Entry> {
    const upstream = options.create(authorization, unlost);
    all.add(upstream);
    const entry: Entry = {
      upstream,
      calls: 0,
      closed: false,
      get idle() {
        return entry.calls === 0;
      },
      close() {
        all.delete(upstream);
        return upstream.close();
      },
    };
    return entry;
  }

  function using<T>(authorization: string, use: (upstream: Upstream) => Promise<T>): Promise<T> {
    return pool.use(
      authorization,
      () => open(authorization),
      async (entry) => {
        entry.calls += 1;
        try {
          return await use(entry.upstream);
        } finally {
          entry.calls -= 1;
        }
      },
    );
  }

  return {
    connect(authorization) {
      if (authorization === undefined) return main.connect();
      return using(authorization, (upstream) => upstream.connect());
    },
    async call(request, exchange): Promise<Outcome> {
      const { upstreamAuthorization } = request.client;
      if (upstreamAuthorization === undefined) return main.call(request, exchange);
      if (exchange.cancelled) return errorOutcome(new ForgeError('cancelled'));
      return using(upstreamAuthorization, (upstream) => upstream.call(request, exchange)).catch(errorOutcome);
    },
    watch: (uris, taskIds) => main.watch(uris, taskIds),
    sessionNote(sessionId, method, params) {
      for (const upstream of all) upstream.sessionNote?.(sessionId, method, params);
    },
    sessionEnded(sessionId) {
      for (const upstream of all) upstream.sessionEnded(sessionId);
    },
    async close() {
      await Promise.all([main.close(), pool.remove(() => true)]);
    },
  };
}
