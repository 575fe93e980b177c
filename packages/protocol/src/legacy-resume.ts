/** @module A legacy client comes back for the answer to a call (2025-11-25, Transports, Resumability and Redelivery). */
import type { ClientExchange } from './client-exchange.ts';
import { ForgeError } from './errors.ts';
import { type EventId, formatEventId } from './event-id.ts';
import type { EventLog } from './event-store.ts';
import { formatError } from './message.ts';
import { toRpcError } from './outcome.ts';
import type { Reply } from './reply.ts';
import { answerEnded, SessionStream } from './session-stream.ts';

/**
 * Goes on with the stream of a call in `reply`, behind an event. A call that nobody here knows is answered with an error: its
 * client would wait for ever.
 *
 * @param exchange the request with that id, if there is one in flight
 * @returns whether it is this one's stream, which now goes on in `reply`
 */
export function resumeCall(
  log: EventLog,
  event: EventId,
  exchange: ClientExchange | undefined,
  reply: Reply,
): exchange is ClientExchange {
  const isOurs = event.epoch === log.epoch;
  const stream = exchange?.events;
  if (isOurs && stream instanceof SessionStream && stream.number === event.stream) {
    stream.resume(reply, event.place);
    return true;
  }
  const ended = isOurs ? log.find(event) : undefined;
  if (ended !== undefined) ended.resume(reply, event.place);
  else if (event.place === Infinity) answerEnded(reply);
  else answerLost(reply, event, isOurs);
  return false;
}

function answerLost(reply: Reply, event: EventId, isOurs: boolean): void {
  const why = isOurs
    ? 'What became of this call is not known any more; it may have taken effect'
    : 'The gateway was restarted while this call was in flight; its outcome is unknown';
  const error = toRpcError(new ForgeError('outcome_unknown', why));
  reply.event(formatError(event.requestId, error), formatEventId({ ...event, place: Infinity }));
  reply.end();
}
