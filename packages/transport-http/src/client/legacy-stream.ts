/**
 * @module The server's own event stream of a legacy session (GET), kept open, and event streams of calls gone on with
 * where they were cut (2025-11-25, Transports, Listening for Messages; Resumability and Redelivery).
 */
import { type ForgeError, HEADER, type Message, readUpstreamBody, type SseDecoder } from '@forge/protocol';
import type { Sent } from './credentials.ts';
import type { HttpHop } from './http-hop.ts';
import type { Resumption, RpcCall } from './rpc-call.ts';

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
/** Attempts in a row to go on with the stream of a call that may yield nothing. */
const MAX_FAILURES = 4;
const TOO_MANY = 429;
/** A stream that held this long was a good one. */
const HELD_MS = 10_000;

/** How long the server's word on the stream is waited for: some say nothing before their first event. */
const ANSWER_MS = 500;

/** An event stream that is kept open. */
export interface EventStream {
  /** The server has answered the request for it, or takes its time. */
  readonly answered: Promise<void>;
  close(): void;
}

/** Opens the stream; a server without one (405, 404) is fine. */
export function openEventStream(hop: HttpHop, options: EventStreamOptions): EventStream {
  let reply: Sent | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastEventId: string | undefined;
  let retryMs = FIRST_RETRY_MS;
  let closed = false;
  /** Whether there ever was such a stream. */
  let existed = false;
  let settle = (): void => {};
  const answered = new Promise<void>((resolve) => {
    const patience = setTimeout(resolve, ANSWER_MS).unref();
    settle = () => {
      clearTimeout(patience);
      resolve();
    };
  });

  function open(): void {
    const openedAt = Date.now();
    reply = hop.wire.send(get(options, lastEventId), {
      body(status) {
        // A server without a route for GET says 404 too, on every session that it is asked for.
        if (status === 404 && existed) options.gone();
        else if (status >= 500 || status === TOO_MANY) again(undefined);
        else if (lastEventId !== undefined) {
          lastEventId = undefined; // it cannot go on from there, but may begin anew
          again(undefined);
        }
        // Anything else says that there is no such stream.
        settle();
      },
      open() {
        existed = true;
        settle();
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
        settle();
      },
    });
  }

  function again(askedMs: number | undefined): void {
    if (closed) return;
    timer = setTimeout(open, Math.max(askedMs ?? retryMs, LEAST_RETRY_MS)).unref();
    if (askedMs === undefined) retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  open();
  return {
    answered,
    close() {
      closed = true;
      clearTimeout(timer);
      reply?.stop();
      settle();
    },
  };
}

/**
 * Goes on with a call's stream behind the last event that came, as often as the server ends it in good order, and some times
 * over what goes wrong on the way. The request itself is never sent again. Whether the stream can be gone on with; until when
 * is for the call's deadline to say.
 */
export function resumeCall(
  hop: HttpHop,
  call: RpcCall,
  source: StreamSource,
  decoder: SseDecoder,
  error: ForgeError | undefined,
): boolean {
  const former = call.resumption;
  const lastEventId = decoder.lastEventId ?? former?.lastEventId ?? '';
  if (lastEventId === '') return false;
  const isStuck = error !== undefined && lastEventId === former?.lastEventId;
  const failures = isStuck ? former.failures + 1 : 0;
  return askAgain(hop, call, source, { lastEventId, retryMs: decoder.retry ?? former?.retryMs, failures });
}

function askAgain(hop: HttpHop, call: RpcCall, source: StreamSource, resumption: Resumption): boolean {
  const { lastEventId, retryMs = FIRST_RETRY_MS, failures } = resumption;
  if (failures > MAX_FAILURES) return false;
  call.resumption = resumption;
  const failed = (): void => {
    if (!askAgain(hop, call, source, { ...resumption, failures: failures + 1 })) call.lose();
  };
  const ask = (): void => {
    if (call.settled) return;
    call.reply = hop.wire.send(get(source, lastEventId), {
      body: (status) => (status >= 500 || status === TOO_MANY ? failed() : call.lose()),
      event: (event) => call.event(event),
      end: (next, error) => call.end(next, error),
      fail: failed,
    });
  };
  setTimeout(ask, Math.min(Math.max(retryMs, LEAST_RETRY_MS) * 2 ** failures, LAST_RETRY_MS)).unref();
  return true;
}

function get({ headers, authorization }: StreamSource, lastEventId: string | undefined) {
  const accept = { ...headers, accept: 'text/event-stream' };
  return {
    method: 'GET',
    headers: lastEventId ? { ...accept, [HEADER.lastEventId]: lastEventId } : accept,
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
