/**
 * @module One event stream of a legacy session: the answer to one request, or the standing stream. It outlives the responses
 * that carry it, so that a client that lost one can go on with it in another (2025-11-25, Transports, Resumability and
 * Redelivery).
 */
import { formatEventId } from './event-id.ts';
import { type EventLog, MAX_KEPT_CHARS } from './event-store.ts';
import { ForgeError } from './errors.ts';
import { formatError } from './message.ts';
import { toRpcError } from './outcome.ts';
import type { Events, Reply } from './reply.ts';

/** A stream. It begins in a response; without a log it ends with that. */
export class SessionStream implements Events {
  readonly number: number;
  /** Raw JSON of the id of the request that it answers; none for the standing stream. */
  readonly requestId: string | undefined;
  readonly #log: EventLog | undefined;
  /** The response that carries it at present. */
  #reply: Reply | undefined;
  #last = 0;
  #isLastKept = true;
  #ended = false;

  constructor(log: EventLog | undefined, reply: Reply, requestId?: string) {
    this.#log = log;
    this.number = log?.nextStream() ?? 0;
    this.requestId = requestId;
    this.#reply = reply;
    reply.open(log?.primes === true ? this.#id(0) : undefined);
  }

  /** Whether a response carries it. */
  get isCarried(): boolean {
    return this.#reply !== undefined;
  }

  event(data: string): void {
    this.#last += 1;
    this.#isLastKept = this.#log?.keep({ stream: this, place: this.#last, data }) ?? true;
    this.#reply?.event(data, this.#id(this.#last));
  }

  /** Nothing follows. What was said can still be fetched. */
  end(): void {
    this.#ended = true;
    if (!this.#isLastKept && this.requestId !== undefined) {
      this.#log?.keep({ stream: this, place: this.#last, data: this.#tooLong() });
    }
    this.#reply?.end();
    this.#reply = undefined;
  }

  /** The client of `reply` has gone. Whether that was the response that carried the stream. */
  detach(reply: Reply): boolean {
    if (this.#reply !== reply) return false;
    this.#reply = undefined;
    return true;
  }

  /** Goes on in another response, behind a place. */
  resume(reply: Reply, place: number): void {
    const missed = this.#log?.after(this, place) ?? [];
    if (this.#ended && missed.length === 0) return answerEnded(reply);
    this.#reply?.end(); // its client has gone, though nobody has noticed
    reply.open();
    for (const event of missed) reply.event(event.data, this.#id(event.place));
    if (this.#ended) reply.end();
    else this.#reply = reply;
  }

  #id(place: number): string | undefined {
    if (this.#log === undefined) return undefined;
    return formatEventId({ epoch: this.#log.epoch, stream: this.number, place, requestId: this.requestId });
  }

  #tooLong(): string {
    const why = `The answer has more than ${MAX_KEPT_CHARS} characters, so it was not kept for a client that was away`;
    return formatError(this.requestId, toRpcError(new ForgeError('outcome_unknown', why)));
  }
}

/** Nothing follows the event that the client named. Of all that can be said to a GET, this keeps clients from coming back. */
export function answerEnded(reply: Reply): void {
  reply.empty(405, { Allow: 'POST, DELETE' });
}
