/** @module Calls to a legacy server over Streamable HTTP: sessions by credential and by client, opened as they are needed. */
import {
  createSessionPool,
  createSubscribeWatch,
  type Exchange,
  type ExchangeRequest,
  legacyAffinity,
  legacyReason,
  type LegacyAffinity,
  SHARED,
  type Watch,
} from '@forge/protocol';
import { type HttpAdapter, type HttpHop, isSessionGone, outcomeOf } from './http-hop.ts';
import { InitializeRefused, type LegacySession, openLegacySession } from './legacy-session.ts';
import type { Ending } from './rpc-call.ts';
import { checkedAuthorization, credentialKey } from './wire.ts';

const LISTS = ['tools', 'prompts', 'resources'] as const;

/** Options of {@link createLegacyHttp}. */
export interface LegacyHttpOptions {
  /** The credential to begin with; `undefined` is the static one. */
  readonly authorization: string | undefined;
  /** Why it is taken for a legacy server. */
  readonly reason: string;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly onLost: (error: Error) => void;
}

/**
 * Opens the first session.
 *
 * @throws InitializeRefused when HTTP turned `initialize` away; ForgeError
 */
export async function createLegacyHttp(hop: HttpHop, options: LegacyHttpOptions): Promise<HttpAdapter> {
  const { onLost } = options;
  const pool = createSessionPool<LegacySession>({ maxSessions: options.maxSessions, idleMs: options.sessionIdleMs });
  let uris: ReadonlySet<string> = new Set();
  let watching: Watch | undefined;
  let retired = false;
  /** The shared session with the static credential, which also listens. */
  let main: Promise<LegacySession> | undefined;

  const first = await open(SHARED, options.authorization);
  const { protocolVersion, description } = first;
  const reason = legacyReason(options.reason, protocolVersion);

  function open(affinity: LegacyAffinity, authorization: string | undefined): Promise<LegacySession> {
    const listens = affinity === SHARED && authorization === undefined;
    return openLegacySession(hop, { affinity, authorization, ...(listens && { onLost, onGone }) });
  }

  /** Its server restarted, or has no patience; what else is in flight is not concerned. */
  function onGone(): void {
    if (!retired)
      mainSession().catch((error: unknown) => onLost(error instanceof Error ? error : new Error(String(error))));
  }

  function listenOn(session: LegacySession): LegacySession {
    const { clientInfo, events } = hop;
    watching = createSubscribeWatch({ description, protocolVersion, clientInfo, events, request: session.request });
    watching.update(uris);
    return session;
  }

  async function mainSession(): Promise<LegacySession> {
    for (;;) {
      const current = main;
      const session = await current;
      if (session !== undefined && !session.closed) return session;
      if (main === current) main = openMain();
    }
  }

  async function openMain(): Promise<LegacySession> {
    try {
      const session = listenOn(await open(SHARED, undefined));
      for (const kind of LISTS) hop.events.listChanged(kind); // what was missed in between is not known
      return session;
    } catch (error) {
      main = undefined;
      throw error;
    }
  }

  /** Leaves the end of a session to the pool; where that has no room, it ends now. */
  async function endWhenIdle(session: LegacySession): Promise<void> {
    try {
      await pool.use(
        'retired',
        async () => session,
        async () => undefined,
      );
    } catch {
      await session.close(); // all others are busy, and nobody would ever end it
    }
  }

  /** @throws ForgeError */
  function send(request: ExchangeRequest, exchange: Exchange): Promise<Ending> {
    const authorization = checkedAuthorization(request.client.upstreamAuthorization);
    const affinity = legacyAffinity(request.client, true);
    const use = (session: LegacySession): Promise<Ending> => session.call(request, exchange);
    if (affinity === SHARED && authorization === undefined) return mainSession().then(use);
    return pool.use(sessionKey(affinity, authorization), () => open(affinity, authorization), use);
  }

  if (options.authorization === undefined) main = Promise.resolve(listenOn(first));
  else
    await pool.use(
      sessionKey(SHARED, options.authorization),
      async () => first,
      async () => undefined,
    );

  return {
    info: { era: 'legacy', protocolVersion, description, transport: 'streamable-http', reason },
    watch: {
      update(set) {
        uris = new Set(set);
        return watching?.update(uris);
      },
      close: () => watching?.close(),
    },
    async call(request, exchange) {
      try {
        let ending = await send(request, exchange);
        // Its session has ended, so the request was not carried out: once more, on a new one.
        if (isSessionGone(ending)) ending = await send(request, exchange);
        return outcomeOf('legacy', ending);
      } catch (error) {
        if (error instanceof InitializeRefused) return outcomeOf('legacy', error.refusal);
        throw error;
      }
    },
    sessionEnded(sessionId) {
      const ended = `session:${sessionId}`;
      void pool.remove((key) => key === ended || key.endsWith(` ${ended}`));
    },
    retire() {
      retired = true;
      watching?.close();
      void main?.then(endWhenIdle, () => undefined);
    },
    async close() {
      retired = true;
      const session = await main?.catch(() => undefined);
      await Promise.all([session?.close(), pool.remove(() => true)]);
    },
  };
}

/** Most calls bring no credential: their key is at hand. */
function sessionKey({ key }: LegacyAffinity, authorization: string | undefined): string {
  return authorization === undefined ? key : `${credentialKey(authorization)} ${key}`;
}
