/** @module The legacy edge over HTTP (2025-03-26 to 2025-11-25, Transports): sessions by header, streams by GET. */
import { type Classified, unsupportedVersion } from './classify.ts';
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import { HEADER, type HeaderBag, headerValue } from './headers.ts';
import { openLegacy } from './legacy-opening.ts';
import { LegacySession } from './legacy-session.ts';
import type { LegacySessions } from './legacy-sessions.ts';
import { formatResult, type Message, type RequestMessage } from './message.ts';
import { type Reply, replyError, type Sender } from './reply.ts';
import { SUPPORTED_VERSIONS } from './versions.ts';

/** What a legacy client sent. */
export type LegacyBody = Extract<Classified, { era: 'legacy' }>['body'];

/** Whether a body opens a session. */
export function isInitialize(body: LegacyBody): body is RequestMessage {
  return !Array.isArray(body) && body.kind === 'request' && body.method === 'initialize';
}

/** The id that an error about this body has. */
export function requestId(body: LegacyBody): string | undefined {
  return Array.isArray(body) || body.kind !== 'request' ? undefined : body.id;
}

/**
 * Serves one POST.
 *
 * @throws ForgeError `invalid_request` without a session id; as {@link stillServed}
 */
export function postLegacy(
  sessions: LegacySessions,
  endpoint: Endpoint,
  headers: HeaderBag,
  body: Message | Message[],
  sender: Sender,
  reply: Reply,
): void {
  if (isInitialize(body)) return void initialize(sessions, endpoint, body, sender, reply);
  const found = sessions.find(headerValue(headers, HEADER.sessionId), endpoint, sender.caller);
  if (found instanceof LegacySession) return stillServed(found, sessions, headers).receive(body, sender, reply);
  found
    .then((session) => stillServed(session, sessions, headers).receive(body, sender, reply))
    .catch((thrown: unknown) => replyError(reply, requestId(body), thrown));
}

/**
 * The session that was found. One whose revision is not served any more ends, so that its client opens another.
 *
 * @throws ForgeError `session_not_found`, `unsupported_version` for another revision in the header
 */
export function stillServed(session: LegacySession, sessions: LegacySessions, headers: HeaderBag): LegacySession {
  const { versions = SUPPORTED_VERSIONS } = session.endpoint;
  if (!versions.includes(session.protocolVersion)) {
    sessions.end(session);
    throw new ForgeError('session_not_found', `${session.protocolVersion} is not served any more: initialize again`);
  }
  const named = headerValue(headers, HEADER.protocolVersion);
  if (named !== undefined && !versions.includes(named)) throw unsupportedVersion(named, versions);
  return session;
}

/** A new session, whatever session the request names: the client gives that one up by asking for another. */
async function initialize(
  sessions: LegacySessions,
  endpoint: Endpoint,
  { id, params }: RequestMessage,
  { caller }: Sender,
  reply: Reply,
): Promise<void> {
  try {
    const opening = await openLegacy(endpoint, params, caller);
    const session = await sessions.open(opening);
    reply.json(200, formatResult(id, opening.result), { 'Mcp-Session-Id': session.id });
  } catch (thrown) {
    replyError(reply, id, thrown);
  }
}
