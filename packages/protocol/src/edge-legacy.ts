/** @module The legacy edge over HTTP (2025-03-26 to 2025-11-25, Transports): sessions by header, streams by GET. */
import type { Classified } from './classify.ts';
import type { Endpoint } from './endpoint.ts';
import { HEADER, type HeaderBag, headerValue } from './headers.ts';
import { openLegacy } from './legacy-opening.ts';
import { LegacySession } from './legacy-session.ts';
import type { LegacySessions } from './legacy-sessions.ts';
import { formatResult, type Message, type RequestMessage } from './message.ts';
import { type Reply, replyError, type Sender } from './reply.ts';

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
 * @throws ForgeError `invalid_request` without a session id, `session_not_found`
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
  if (found instanceof LegacySession) return found.receive(body, sender, reply);
  found
    .then((session) => session.receive(body, sender, reply))
    .catch((thrown: unknown) => replyError(reply, requestId(body), thrown));
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
