/** @module The answer to one request as a `Response`, bounded, with a body that comes only as fast as it is read. */
import { REFUSED } from '@forge/outgoing';
import { ForgeError } from '@forge/protocol';
import type { Dispatcher } from 'undici';

/** What a reply needs. */
export interface FetchReplyOptions {
  /** Of the body. */
  readonly maxBytes: number;
  /** Gives the request up, before or after its answer began. */
  readonly signal: AbortSignal | undefined;
  readonly resolve: (response: Response) => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes that wait to be read before the connection is told to wait, too. */
const HIGH_WATER = 65_536;
/** Statuses whose `Response` has no body. */
const BODILESS: readonly number[] = [204, 205, 304];

/** What undici reports to. */
export class FetchReply implements Dispatcher.DispatchHandler {
  readonly #options: FetchReplyOptions;
  readonly #onAbort = (): void => this.#fail(this.#options.signal?.reason);
  #controller: Dispatcher.DispatchController | undefined;
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;
  #bytes = 0;
  #over = false;

  constructor(options: FetchReplyOptions) {
    this.#options = options;
    if (options.signal?.aborted === true) this.#onAbort();
    else options.signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error('not awaited any more'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#over || status < 200) return;
    const { maxBytes, resolve } = this.#options;
    const encoding = String(headers['content-encoding'] ?? 'identity');
    if (encoding !== 'identity') return this.#fail(unusable(`it is compressed (${encoding.slice(0, 40)}), unasked`));
    if (Number(headers['content-length']) > maxBytes) return this.#fail(tooLong(maxBytes));
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (body) => {
          this.#body = body;
        },
        pull: () => controller.resume(),
        cancel: () => {
          this.#body = undefined;
          this.#fail(new Error('not read any more'));
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER }),
    );
    const fields = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    );
    resolve(new Response(BODILESS.includes(status) ? null : stream, { status, headers: fields }));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#options.maxBytes) return this.#fail(tooLong(this.#options.maxBytes));
    this.#body?.enqueue(chunk);
    if ((this.#body?.desiredSize ?? 1) <= 0) controller.pause();
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    // undici uses a connection again in the next turn: who hears of the end in the one after that finds it free.
    setImmediate(() => setImmediate(() => this.#body?.close()));
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, cause: Error): void {
    this.#fail(this.#controller === undefined ? unsent(cause) : cutOff(cause));
  }

  /** Whoever waits, for the answer or for more of it, gets `reason`; the connection is given up. */
  #fail(reason: unknown): void {
    if (!this.#end()) return;
    this.#options.reject(reason);
    this.#body?.error(reason);
    this.#controller?.abort(new Error('not awaited any more'));
  }

  /** Whether this was the first end. */
  #end(): boolean {
    const first = !this.#over;
    this.#over = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    return first;
  }
}

function tooLong(maxBytes: number): ForgeError {
  return unusable(`it has more than ${maxBytes} bytes`);
}

function unusable(why: string, cause?: unknown): ForgeError {
  return new ForgeError('upstream_error', `The agent's answer is not usable: ${why}`, { cause });
}

/** Nothing was written: no connection, or a request that cannot be one. */
function unsent(cause: Error): ForgeError {
  const { code } = cause as { code?: unknown };
  if (code === 'UND_ERR_INVALID_ARG') return new ForgeError('invalid_params', 'A header has a value that HTTP forbids');
  if (code === REFUSED) return new ForgeError('forbidden', `${cause.message} (see SSRF_* in the configuration)`);
  const why = typeof code === 'string' ? code : cause.message;
  return new ForgeError('upstream_unreachable', `The agent cannot be reached: ${why}`, { cause });
}

/** It was written, and the answer did not come, or not in whole. */
function cutOff(cause: Error): ForgeError {
  const { code } = cause as { code?: unknown };
  const isGarbage = typeof code === 'string' && (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW');
  return isGarbage ? unusable('it is not HTTP', cause) : new ForgeError('outcome_unknown', undefined, { cause });
}
