/** @module Where an edge writes the answer to one message of a client: an HTTP response, or a channel. */
import { ForgeError } from './errors.ts';
import type { Caller } from './exchange.ts';
import { formatError } from './message.ts';
import { toRpcError } from './outcome.ts';

/** Messages to a client, one after the other. */
export interface Events {
  /** One message. */
  event(data: string): void;
  /** Nothing follows. */
  end(): void;
}

/**
 * The answer to one POST, the stream of one GET, or the answers to a message on a channel. A transport makes it.
 *
 * Either one call of `json` or `empty`, or `open` and any number of `event`s and then `end`; nothing after. Once the
 * client went away (see `onClose`) every call does nothing. No call throws.
 */
export interface Reply extends Events {
  /** The whole answer, one JSON text. */
  json(status: number, body: string, headers?: Record<string, string>): void;
  /** `json` for an answer of which a part is encoded already; transports without it get `json`. */
  jsonParts?(status: number, parts: readonly [head: string, encoded: Uint8Array, tail: string]): void;
  /** The whole answer, without a body (202, 204). */
  empty(status: number, headers?: Record<string, string>): void;
  /**
   * Makes it an event stream (200, `text/event-stream`) before there is an event, so that the client sees it open.
   *
   * @param id of an event without data, from which the client can go on with the stream in another reply
   */
  open(id?: string): void;
  /** One event of one JSON text; the first one opens the stream, if `open` has not. */
  event(data: string, id?: string): void;
  /** Ends an event stream. */
  end(): void;
  /**
   * Calls `listener` once when the client went away before the answer ended (at once if it has), or with an error when
   * the server goes away and the answer can still say so. Only one listener; the last one set counts.
   */
  onClose(listener: (error?: ForgeError) => void): void;
}

/** Who sent a message, and what its answer may be. */
export interface Sender {
  readonly caller: Caller;
  /** What the client itself wants sent to the upstream as `Authorization`. */
  readonly upstreamAuthorization?: string | undefined;
  /** Whether the client takes events before the answer. One that takes JSON only hears no notes and cannot be asked. */
  readonly takesEvents: boolean;
}

/** Answers with an error of ours, by the HTTP status and the JSON-RPC code of its meaning. */
export function replyError(reply: Reply, id: string | undefined, thrown: unknown): void {
  const error = ForgeError.from(thrown);
  reply.json(error.meaning.httpStatus, formatError(id, toRpcError(error)), errorHeaders(error));
}

/** What a call is answered that has not ended when the server must. */
export function serverClosed(): ForgeError {
  return new ForgeError('outcome_unknown', 'The server closed before the call ended; it may have taken effect');
}

/** Answers a GET or DELETE that only sessions have, by 405 and why. */
export function refuseMethod(reply: Reply, why: string): void {
  const error = new ForgeError('method_not_allowed', why);
  reply.json(error.meaning.httpStatus, formatError(undefined, toRpcError(error)), { Allow: 'POST' });
}

/** `Retry-After`, where the error says when trying again makes sense. */
function errorHeaders({ retryAfter }: ForgeError): Record<string, string> | undefined {
  return retryAfter === undefined ? undefined : { 'Retry-After': String(Math.ceil(retryAfter)) };
}
