/**
 * @module What one MCP path does with HTTP requests of both eras, without I/O: the transport reads requests and makes
 * replies. The transport has checked `Origin`, the caller's credentials, `Content-Type` and the size of the body.
 */
import { classify, unsupportedVersion } from './classify.ts';
import { type ModernEdge, openModern, serveModern } from './edge-modern.ts';
import { postLegacy, stillServed } from './edge-legacy.ts';
import { createEdgeStreams, type EdgeStreamsOptions } from './edge-streams.ts';
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Caller } from './exchange.ts';
import { accepts, HEADER, type HeaderBag, headerValue } from './headers.ts';
import { LegacySession } from './legacy-session.ts';
import { LegacySessions, type LegacySessionsOptions } from './legacy-sessions.ts';
import { peekId, readBody } from './message.ts';
import { ParkedCalls, type ParkedCallsOptions } from './parked-calls.ts';
import { refuseMethod, type Reply, replyError, type Sender } from './reply.ts';
import { Subscriptions } from './subscriptions.ts';
import { eraOf } from './versions.ts';

/** Characters of a `subscriptions/listen`: what was sent is held for as long as the subscription stays open. */
const MAX_LISTEN_CHARS = 131_072;

/** One HTTP request, read to its end. */
export interface HttpRequestIn {
  /** By lower-case name. */
  readonly headers: HeaderBag;
  /** Of a POST; empty otherwise. */
  readonly body: string;
  readonly caller: Caller;
  /** What the client itself wants sent to the upstream as `Authorization`. */
  readonly upstreamAuthorization?: string | undefined;
}

/** Settings of {@link createHttpEdge}. */
export interface HttpEdgeOptions {
  /** Bounds of legacy sessions, and what lets them outlive this process. */
  readonly sessions?: Omit<LegacySessionsOptions, 'newSessionId' | 'now' | 'streams'> | undefined;
  /**
   * Open `subscriptions/listen` streams at most; past it, 503 with `Retry-After`.
   * @default 10_000
   */
  readonly maxSubscriptions?: number | undefined;
  /** Bounds of modern calls that wait for their clients' answers. */
  readonly parked?: ParkedCallsOptions | undefined;
  /** Event streams: when there is one, and for how long a legacy client can come back for it. */
  readonly streams?: EdgeStreamsOptions | undefined;
  /** Visible ASCII that cannot be guessed. @default 128 random bits */
  readonly newSessionId?: (() => string) | undefined;
  /** The clock, in ms. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Serves HTTP requests of both eras; one edge may serve any number of endpoints. Nothing throws. */
export interface HttpEdge {
  post(endpoint: Endpoint, request: HttpRequestIn, reply: Reply): void;
  get(endpoint: Endpoint, request: HttpRequestIn, reply: Reply): void;
  delete(endpoint: Endpoint, request: HttpRequestIn, reply: Reply): void;
  /** Legacy sessions in memory. */
  readonly sessions: number;
  /** Open `subscriptions/listen` streams. */
  readonly subscriptions: number;
  /** Modern calls that have asked their clients something. */
  readonly parked: number;
  /**
   * Ends subscriptions with their result, the streams and calls of sessions, and modern calls that wait for an answer of
   * their clients, and takes no more of any. Other modern calls in flight end by themselves, or when their replies do
   * (`Reply.onClose`). Sessions whose ids carry them go on at the next edge with their key.
   */
  close(): Promise<void>;
}

/**
 * Makes the edge.
 *
 * @example
 * const edge = createHttpEdge();
 * edge.post(endpoint, { headers: request.headers, body, caller }, reply);
 */
export function createHttpEdge(options: HttpEdgeOptions = {}): HttpEdge {
  const { newSessionId, now, maxSubscriptions = 10_000 } = options;
  const streams = createEdgeStreams(options.streams);
  const sessions = new LegacySessions({ ...options.sessions, newSessionId, now, streams });
  const subscriptions = new Subscriptions(maxSubscriptions);
  const parked = new ParkedCalls(options.parked, { now, silence: streams.silence });
  const modern: ModernEdge = { subscriptions, parked };

  const post = (endpoint: Endpoint, request: HttpRequestIn, reply: Reply): void => {
    const { headers, body } = request;
    const sender = senderOf(request);
    const classified = classify(headers, readBody(body), endpoint.versions);
    if (classified.era === 'legacy') return postLegacy(sessions, endpoint, headers, classified.body, sender, reply);
    if (classified.envelope === undefined) return reply.empty(202);
    if (classified.message.method === 'subscriptions/listen' && body.length > MAX_LISTEN_CHARS) {
      throw new ForgeError('payload_too_large', `subscriptions/listen may have at most ${MAX_LISTEN_CHARS} characters`);
    }
    void serveModern(endpoint, openModern(endpoint, classified, sender, reply, modern, headers), modern);
  };

  return {
    post(endpoint, request, reply) {
      try {
        post(endpoint, request, reply);
      } catch (thrown) {
        replyError(reply, peekId(request.body), thrown);
      }
    },
    get(endpoint, request, reply) {
      withSession(sessions, endpoint, request, reply, (session) => {
        if (!accepts(request.headers['accept'], 'text/event-stream')) throw new ForgeError('not_acceptable');
        const lastEventId = headerValue(request.headers, HEADER.lastEventId);
        if (lastEventId === undefined) session.openStream(senderOf(request), reply);
        else session.resume(lastEventId, senderOf(request), reply);
      });
    },
    delete(endpoint, request, reply) {
      withSession(sessions, endpoint, request, reply, (session) => {
        sessions.end(session);
        reply.empty(204);
      });
    },
    get sessions() {
      return sessions.size;
    },
    get subscriptions() {
      return subscriptions.size;
    },
    get parked() {
      return parked.size;
    },
    async close() {
      subscriptions.close();
      parked.close();
      sessions.close();
    },
  };
}

/** @throws ForgeError `not_acceptable` when no answer that exists is accepted */
function senderOf({ headers, caller, upstreamAuthorization }: HttpRequestIn): Sender {
  const takesEvents = accepts(headers['accept'], 'text/event-stream');
  if (!takesEvents && !accepts(headers['accept'], 'application/json')) throw new ForgeError('not_acceptable');
  return { caller, upstreamAuthorization, takesEvents };
}

/** GET and DELETE exist within legacy sessions only (2026-07-28, Streamable HTTP, Earlier Streamable HTTP Revisions). */
function withSession(
  sessions: LegacySessions,
  endpoint: Endpoint,
  { headers, caller }: HttpRequestIn,
  reply: Reply,
  use: (session: LegacySession) => void,
): void {
  try {
    const version = headerValue(headers, HEADER.protocolVersion);
    const id = headerValue(headers, HEADER.sessionId);
    const era = version === undefined ? 'legacy' : eraOf(version);
    if (id === undefined) {
      return refuseMethod(reply, 'Only POST is allowed without Mcp-Session-Id, which initialize gives out');
    }
    if (era === 'modern') return refuseMethod(reply, `Only POST is allowed in ${version}, which has no sessions`);
    if (version !== undefined && era === undefined) throw unsupportedVersion(version, endpoint.versions);
    const found = sessions.find(id, endpoint, caller);
    if (found instanceof LegacySession) return use(stillServed(found, sessions, headers));
    found
      .then((session) => use(stillServed(session, sessions, headers)))
      .catch((thrown: unknown) => replyError(reply, undefined, thrown));
  } catch (thrown) {
    replyError(reply, undefined, thrown);
  }
}
