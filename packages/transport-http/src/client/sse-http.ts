/** @module Calls to a server of 2024-11-05 over HTTP+SSE: a channel upstream for each credential. */
import {
  createChannelUpstream,
  createSessionPool,
  errorOutcome,
  ForgeError,
  type Outcome,
  type PooledSession,
  type Upstream,
  type UpstreamEvents,
} from '@forge/protocol';
import type { HttpAdapter, HttpHop } from './http-hop.ts';
import { openSseChannel } from './sse-channel.ts';
import { checkedAuthorization, credentialKey } from './wire.ts';

/** Options of {@link createSseHttp}. */
export interface SseHttpOptions {
  /** The credential to begin with; `undefined` is the static one. */
  readonly authorization: string | undefined;
  readonly openTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly onLost: (error: Error) => void;
}

interface Credentialed extends PooledSession {
  readonly upstream: Upstream;
  calls: number;
}

/**
 * Opens the first channel.
 *
 * @throws ForgeError
 */
export async function createSseHttp(hop: HttpHop, options: SseHttpOptions): Promise<HttpAdapter> {
  const { openTimeoutMs, requestTimeoutMs, maxSessions, sessionIdleMs } = options;
  const pool = createSessionPool<Credentialed>({ maxSessions, idleMs: sessionIdleMs });
  const main = upstreamFor(undefined, options.onLost);

  function upstreamFor(authorization: string | undefined, lost: UpstreamEvents['lost']): Upstream {
    const { events } = hop;
    return createChannelUpstream({
      open: () => openSseChannel(hop.wire, { authorization, openTimeoutMs }),
      transport: 'sse',
      era: 'legacy',
      events: {
        lost,
        listChanged: (kind) => events.listChanged(kind),
        resourceUpdated: (uri, params) => events.resourceUpdated(uri, params),
        sessionNote: (sessionId, method, params) => events.sessionNote(sessionId, method, params),
        sessionAsk: (sessionId, ask) => events.sessionAsk(sessionId, ask),
      },
      clientInfo: hop.clientInfo,
      requestTimeoutMs,
      maxSessions,
      sessionIdleMs,
      maxInFlight: hop.maxInFlight,
    });
  }

  async function open(authorization: string): Promise<Credentialed> {
    const upstream = upstreamFor(authorization, () => {}); // the next call connects again
    const entry: Credentialed = {
      upstream,
      calls: 0,
      closed: false,
      get idle() {
        return entry.calls === 0;
      },
      close: () => upstream.close(),
    };
    return entry;
  }

  function withUpstream<T>(authorization: string, use: (upstream: Upstream) => Promise<T>): Promise<T> {
    return pool.use(
      credentialKey(authorization),
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

  const { authorization } = options;
  const connect = (upstream: Upstream) => upstream.connect();
  const info = await (authorization === undefined ? connect(main) : withUpstream(authorization, connect));

  return {
    info,
    watch: { update: (uris, taskIds) => main.watch(uris, taskIds), close() {} },
    async call(request, exchange): Promise<Outcome> {
      if (exchange.cancelled) return errorOutcome(new ForgeError('cancelled'));
      const authorization = checkedAuthorization(request.client.upstreamAuthorization);
      if (authorization === undefined) return main.call(request, exchange);
      return withUpstream(authorization, (upstream) => upstream.call(request, exchange));
    },
    sessionEnded(sessionId) {
      main.sessionEnded(sessionId);
      // Those of other credentials end when they are idle.
    },
    retire: () => void main.close(),
    async close() {
      await Promise.all([main.close(), pool.remove(() => true)]);
    },
  };
}
