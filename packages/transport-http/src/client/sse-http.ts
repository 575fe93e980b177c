/** @module Calls to a server of 2024-11-05 over HTTP+SSE: a channel upstream for each credential. */
import { createChannelUpstream, createCredentialedUpstream, legacyReason } from '@forge/protocol';
import type { HttpAdapter, HttpHop } from './http-hop.ts';
import { openSseChannel } from './sse-channel.ts';

/** Options of {@link createSseHttp}. */
export interface SseHttpOptions {
  /** The credential to begin with; `undefined` is the static one. */
  readonly authorization: string | undefined;
  /** Why HTTP+SSE is used. */
  readonly reason: string;
  readonly openTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly maxSessions: number;
  readonly sessionIdleMs: number;
  readonly onLost: (error: Error) => void;
}

/**
 * Opens the first channel.
 *
 * @throws ForgeError
 */
export async function createSseHttp(hop: HttpHop, options: SseHttpOptions): Promise<HttpAdapter> {
  const { openTimeoutMs, requestTimeoutMs, maxSessions, sessionIdleMs } = options;
  const { events } = hop;
  const upstream = createCredentialedUpstream({
    create: (authorization, heard) =>
      createChannelUpstream({
        open: () => openSseChannel(hop.wire, { authorization, openTimeoutMs }),
        transport: 'sse',
        era: 'legacy',
        events: heard,
        clientInfo: hop.clientInfo,
        requestTimeoutMs,
        maxSessions,
        sessionIdleMs,
        maxInFlight: hop.maxInFlight,
      }),
    events: {
      lost: options.onLost,
      listChanged: (kind) => events.listChanged(kind),
      resourceUpdated: (uri, params) => events.resourceUpdated(uri, params),
      sessionNote: (sessionId, method, params) => events.sessionNote(sessionId, method, params),
      sessionAsk: (sessionId, ask) => events.sessionAsk(sessionId, ask),
    },
    maxCredentials: maxSessions,
    idleMs: sessionIdleMs,
  });
  const info = await upstream.connect(options.authorization);
  return {
    info: { ...info, reason: legacyReason(options.reason, info.protocolVersion) },
    watch: { update: (uris, taskIds) => upstream.watch(uris, taskIds), close() {} },
    call: (request, exchange) => upstream.call(request, exchange),
    sessionEnded: (sessionId) => upstream.sessionEnded(sessionId),
    retire: () => void upstream.close(),
    close: () => upstream.close(),
  };
}
