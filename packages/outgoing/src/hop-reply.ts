/** @module The answer to one HTTP request, read whole by undici without streams, to a bound. */
import { Bytes, ForgeError } from '@forge/protocol';
import type { Dispatcher } from 'undici';
import { REFUSED } from './guarded-lookup.ts';

/** Headers of an answer, by lower-case name. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What came back; still compressed. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly bytes: Uint8Array;
  /** More came than there was room for, and `bytes` are of no use. */
  readonly isCut: boolean;
}

/** What undici reports to. Exactly one of both callbacks is called, once. */
export class HopReply implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #done: (answer: RawAnswer) => void;
  readonly #failed: (error: ForgeError) => void;
  readonly #body = new Bytes();
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;
  #status = 0;
  #headers: AnswerHeaders = {};

  constructor(maxBytes: number, done: (answer: RawAnswer) => void, failed: (error: ForgeError) => void) {
    this.#maxBytes = maxBytes;
    this.#done = done;
    this.#failed = failed;
  }

  /** Whether it was written, so that it may have taken effect. */
  get isDispatched(): boolean {
    return this.#controller !== undefined;
  }

  /** Gives the request up, and its connection. */
  stop(error: ForgeError): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.abort(error);
    this.#failed(error);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('not awaited any more'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (Number(headers['content-length']) > this.#maxBytes) this.#cut();
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#body.length + chunk.length <= this.#maxBytes) this.#body.push(chunk);
    else this.#cut();
  }

  onResponseEnd(): void {
    this.#end(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#failed(this.#controller === undefined ? unsent(cause) : cutOff(cause));
  }

  #cut(): void {
    this.#end(true);
    this.#controller?.abort(new Error('too long'));
  }

  #end(isCut: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#done({ status: this.#status, headers: this.#headers, bytes: this.#body.all, isCut });
  }
}

/** Nothing was written: no connection, or a request that cannot be one. */
function unsent(cause: Error): ForgeError {
  const { code } = cause as { code?: unknown };
  if (code === 'UND_ERR_INVALID_ARG') {
    return new ForgeError('invalid_params', 'The request has a header that HTTP forbids', { cause });
  }
  if (code === REFUSED) return new ForgeError('forbidden', `${cause.message} (see SSRF_* in the configuration)`);
  const why = typeof code === 'string' ? code : cause.message;
  return new ForgeError('upstream_unreachable', `The upstream cannot be reached: ${why}`, { cause });
}

/** It was written, and the answer did not come, or not in whole. */
function cutOff(cause: Error): ForgeError {
  const { code } = cause as { code?: unknown };
  if (cause.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW')
    return new ForgeError('upstream_error', 'The upstream answered with something that is not HTTP', { cause });
  return new ForgeError('outcome_unknown', undefined, { cause });
}
