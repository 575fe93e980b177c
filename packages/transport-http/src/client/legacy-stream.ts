/**
 * @module The server's own event stream of a legacy session (GET), kept open, and event streams of calls gone on with
 * where they were cut (2025-11-25, Transports, Listening for Messages; Resumability and Redelivery).
 */
import { type ForgeError, HEADER, type Message, readUpstreamBody, type SseDecoder } from '@forge/protocol';
import type { Sent } from './credentials.ts';
import type { HttpHop } from './http-hop.ts';
import type { RpcCall } from './rpc-call.ts';

/** Where a stream is read from. */
export interface StreamSource {
  /** Session and version. */
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
}

/** Options of {@link openEventStream}. */
export interface EventStreamOptions extends StreamSource {
  receive(message: Message): void;
  /** The session has ended at the upstream. */
  gone(): void;
  /** The upstream cannot be reached any more. */
  lost(error: ForgeError): void;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** However soon a server wants to be asked again. */
const LEAST_RETRY_MS = 100;
/** A stream that held this long was a good one. */
const HELD_MS = 10_000;

/** Opens the stream; a server without one (405, 404) is fine. Returns the way to close it. */
export function openEventStream(hop: HttpHop, options: EventStreamOptions): () => void {
  let reply: Sent | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastEventId: string | undefined;
  let retryMs = FIRST_RETRY_MS;
  let closed = false;
  /** Whether there ever was such a stream. */
  let existed = false;

  function open(): void {
    const openedAt = Date.now();
    reply = hop.wire.send(get(options, lastEventId), {
      body(status) {
        // A server without a route for GET says 404 too, on every session that it is asked for.
        if (status === 404 && existed) options.gone();
        else if (status >= 500) again(undefined);
        // Anything else says that there is no such stream.
      },
      open() {
        existed = true;
      },
      event({ data }) {
        for (const message of readMessages(data)) options.receive(message);
      },
      end(decoder) {
        if (Date.now() - openedAt > HELD_MS) retryMs = FIRST_RETRY_MS;
        lastEventId = decoder.lastEventId ?? lastEventId;
        again(decoder.retry);
      },
      fail(error) {
        if (error.code === 'upstream_unreachable') options.lost(error);
        else again(undefined);
      },
    });
  }

  function again(askedMs: number | undefined): void {
    if (closed) return;
    timer = setTimeout(open, Math.max(askedMs ?? retryMs, LEAST_RETRY_MS)).unref();
    if (askedMs === undefined) retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    reply?.stop();
  };
}

/** Goes on with a call's stream after the wait that the server asked for. Whether that is possible. */
export function resumeCall(hop: HttpHop, call: RpcCall, decoder: SseDecoder, source: StreamSource): boolean {
  call.lastEventId = decoder.lastEventId ?? call.lastEventId;
  if (call.lastEventId === undefined) return false;
  const waitMs = Math.min(Math.max(decoder.retry ?? FIRST_RETRY_MS, LEAST_RETRY_MS), LAST_RETRY_MS);
  setTimeout(() => {
    if (call.settled) return;
    call.reply = hop.wire.send(get(source, call.lastEventId), {
      body: () => call.lose(),
      event: (event) => call.event(event),
      end: (next, error) => call.end(next, error),
      fail: () => call.lose(),
    });
  }, waitMs).unref();
  return true;
}

function get({ headers, authorization }: StreamSource, lastEventId: string | undefined) {
  const accept = { ...headers, accept: 'text/event-stream' };
  return {
    method: 'GET',
    headers: lastEventId === undefined ? accept : { ...accept, [HEADER.lastEventId]: lastEventId },
    authorization,
    lasting: true,
  } as const;
}

function readMessages(data: string): Message[] {
  if (data === '') return [];
  try {
    const read = readUpstreamBody(data);
    return Array.isArray(read) ? read : [read];
  } catch {
    return []; // on this stream nobody waits for a message that cannot be read
  }
}
