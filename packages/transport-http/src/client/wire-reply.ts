/** @module The answer to one HTTP request, read by undici without streams: a whole body, or server-sent events. */
import { StringDecoder } from 'node:string_decoder';
import { Bytes, createSseDecoder, ForgeError, type SseDecoder, type SseEvent } from '@forge/protocol';
import type { Dispatcher } from 'undici';

/** Headers of an answer, by lower-case name. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Who waits for an answer. Exactly one of `body`, `end` and `fail` is called last, unless the reply was stopped. */
export interface ReplyListener {
  /** The whole answer, when it is no event stream. */
  body(status: number, text: string, headers: ReplyHeaders): void;
  /** The answer is an event stream, which begins. */
  open?(headers: ReplyHeaders): void;
  event(event: SseEvent): void;
  /** The event stream ended in good order, or was cut off; `decoder` knows how to go on. */
  end(decoder: SseDecoder, error: ForgeError | undefined): void;
  /** `upstream_unreachable`: nothing was sent. `outcome_unknown`: it was, and no whole answer came back. */
  fail(error: ForgeError): void;
}

/** What undici reports to. */
export class WireReply implements Dispatcher.DispatchHandler {
  readonly #listener: ReplyListener;
  readonly #maxBytes: number;
  #controller: Dispatcher.DispatchController | undefined;
  #stopped = false;
  #status = 0;
  #headers: ReplyHeaders = {};
  readonly #body = new Bytes();
  #events: { readonly decoder: SseDecoder; readonly utf8: StringDecoder } | undefined;

  /** @param maxBytes of a body, or of one event */
  constructor(listener: ReplyListener, maxBytes: number) {
    this.#listener = listener;
    this.#maxBytes = maxBytes;
  }

  /** Ends it; the listener hears nothing more. Closing the connection cancels a modern request. */
  stop(): void {
    this.#stopped = true;
    this.#controller?.abort(new Error('not awaited any more'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#stopped) this.stop();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: ReplyHeaders): void {
    if (this.#stopped || status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (status >= 300 || !isEventStream(headers)) return;
    const decoder = createSseDecoder((event) => this.#stopped || this.#listener.event(event), {
      maxEventLength: this.#maxBytes,
    });
    this.#events = { decoder, utf8: new StringDecoder('utf8') };
    this.#listener.open?.(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stopped) return;
    if (this.#events !== undefined) {
      this.#decode(this.#events, chunk);
      return;
    }
    if (this.#body.length + chunk.length <= this.#maxBytes) this.#body.push(chunk);
    else this.#abandon(`Its answer has more than ${this.#maxBytes} bytes`);
  }

  onResponseEnd(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#events !== undefined) this.#listener.end(this.#events.decoder, undefined);
    else this.#listener.body(this.#status, this.#text(), this.#headers);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: Error): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const error = this.#controller === undefined ? unsent(cause) : cutOff(cause);
    if (this.#events !== undefined) this.#listener.end(this.#events.decoder, error);
    else this.#listener.fail(error);
  }

  #decode({ decoder, utf8 }: { decoder: SseDecoder; utf8: StringDecoder }, chunk: Buffer): void {
    try {
      decoder.push(utf8.write(chunk));
    } catch (error) {
      this.#abandon('It sent an event that is too large', error);
    }
  }

  #abandon(why: string, cause?: unknown): void {
    this.stop();
    this.#listener.fail(new ForgeError('upstream_error', `The upstream's answer is not usable. ${why}`, { cause }));
  }

  #text(): string {
    const { buffer, byteOffset, length } = this.#body.all;
    return Buffer.from(buffer, byteOffset, length).toString();
  }
}

function isEventStream(headers: ReplyHeaders): boolean {
  const type = headers['content-type'];
  return typeof type === 'string' && type.toLowerCase().startsWith('text/event-stream');
}

/** Nothing was written: no connection, or a request that cannot be one. */
function unsent(cause: Error): ForgeError {
  const { code } = cause as { code?: unknown };
  if (code === 'UND_ERR_INVALID_ARG') return new ForgeError('invalid_params', 'A header has a value that HTTP forbids');
  const why = typeof code === 'string' ? code : cause.message;
  return new ForgeError('upstream_unreachable', `The upstream cannot be reached: ${why}`, { cause });
}

/** It was written, and the answer did not come, or not in whole. */
function cutOff(cause: Error): ForgeError {
  const { code } = cause as { code?: unknown };
  const isGarbage = typeof code === 'string' && (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW');
  return new ForgeError(isGarbage ? 'upstream_error' : 'outcome_unknown', undefined, { cause });
}
