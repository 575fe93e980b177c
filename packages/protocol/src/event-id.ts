/**
 * @module Ids of the events of a legacy session (2025-11-25, Transports, Resumability and Redelivery). Each says which stream
 * it belongs to and, on the stream of a call, the id of the request, so that its client can be answered even by a process
 * that has never heard of the call.
 */
import { ForgeError } from './errors.ts';

/** What an event id says. */
export interface EventId {
  /** In which life of the session it was given out: a process that takes a session over counts its streams anew. */
  readonly epoch: string;
  /** Its stream, by number within the session. */
  readonly stream: number;
  /** Its place in the stream; 0 is before the first message, `Infinity` behind the last. */
  readonly place: number;
  /** Raw JSON of the id of the request that the stream answers; none for a standing stream. */
  readonly requestId?: string | undefined;
}

/** Characters of a request id, encoded, that event ids carry: they come back in a header. */
const MAX_REQUEST_CHARS = 512;
const FORM = /^([0-9a-f]{8})-(\d{1,9})-(\d{1,9}|end)(?:-(.{1,512}))?$/;

/** Whether event ids can carry this request id. */
export function fitsEventId(requestId: string): boolean {
  return encodeURIComponent(requestId).length <= MAX_REQUEST_CHARS;
}

/** In visible ASCII. */
export function formatEventId({ epoch, stream, place, requestId }: EventId): string {
  const request = requestId === undefined ? '' : `-${encodeURIComponent(requestId)}`;
  return `${epoch}-${stream}-${place === Infinity ? 'end' : place}${request}`;
}

/**
 * Reads a `Last-Event-ID`.
 *
 * @throws ForgeError `invalid_request` when no event here ever had such an id
 */
export function readEventId(text: string): EventId {
  const [, epoch = '', stream, place, request] = FORM.exec(text) ?? [];
  const requestId = request === undefined ? undefined : readRequestId(request);
  if (epoch === '' || (request !== undefined && requestId === undefined)) {
    throw new ForgeError('invalid_request', 'Last-Event-ID must be the id of an event that this server has sent');
  }
  return { epoch, stream: Number(stream), place: place === 'end' ? Infinity : Number(place), requestId };
}

/** It stands in an answer as it is, so it has to be a string or an integer in JSON. */
function readRequestId(encoded: string): string | undefined {
  try {
    const raw = decodeURIComponent(encoded);
    const id: unknown = JSON.parse(raw);
    return typeof id === 'string' || Number.isInteger(id) ? raw : undefined;
  } catch {
    return undefined; // the caller says what is wrong
  }
}
