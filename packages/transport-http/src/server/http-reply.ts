/** @module A response of `node:http` as the reply of an edge: plain JSON, until an event makes it an event stream. */
import type { ServerResponse } from 'node:http';
import type { Enlisted, ForgeError, Reply } from '@forge/protocol';
import { cutWhenStalled, type EventStream, type Streams } from './streams.ts';

/** One response whose client is still there. */
export class HttpReply implements Reply, Enlisted {
  slot = -1;
  readonly #res: ServerResponse;
  readonly #streams: Streams;
  #stream: EventStream | undefined;
  #listener: ((error?: ForgeError) => void) | undefined;
  #hasId = false;
  #ended = false;
  #gone = false;

  /** @param onClosed is called once the response is over, one way or the other */
  constructor(res: ServerResponse, streams: Streams, onClosed: (reply: HttpReply) => void) {
    this.#res = res;
    this.#streams = streams;
    res.once('close', () => {
      if (!this.#ended) this.#leave();
      onClosed(this);
    });
  }

  json(status: number, body: string, headers?: Record<string, string>): void {
    if (this.#over()) return;
    const length = Buffer.byteLength(body);
    const own = { 'content-type': 'application/json', 'content-length': length, 'cache-control': 'no-store' };
    this.#res.writeHead(status, headers === undefined ? own : { ...own, ...headers });
    // Of plain ASCII both encodings are the same bytes, and this one is copied instead of transcoded.
    this.#res.end(body, length === body.length ? 'latin1' : 'utf8');
    cutWhenStalled(this.#res, this.#streams.stallMs);
  }

  jsonParts(status: number, [head, encoded, tail]: readonly [head: string, encoded: Uint8Array, tail: string]): void {
    if (this.#over()) return;
    this.#res.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(head) + encoded.length + Buffer.byteLength(tail),
      'cache-control': 'no-store',
    });
    this.#res.write(head);
    this.#res.write(encoded);
    this.#res.end(tail);
    cutWhenStalled(this.#res, this.#streams.stallMs);
  }

  empty(status: number, headers?: Record<string, string>): void {
    if (this.#over()) return;
    this.#res.writeHead(status, status === 204 ? { ...headers } : { 'content-length': 0, ...headers });
    this.#res.end();
  }

  open(id?: string): void {
    if (this.#ended || this.#gone) return;
    this.#stream ??= this.#streams.open(this.#res);
    if (id !== undefined) this.event('', id);
  }

  /** With the first id the client is told how soon it may come back. */
  event(data: string, id?: string): void {
    if (this.#ended || this.#gone) return;
    this.#stream ??= this.#streams.open(this.#res);
    this.#stream.event({ data, id, retry: id === undefined || this.#hasId ? undefined : this.#streams.retryMs });
    this.#hasId ||= id !== undefined;
  }

  end(): void {
    if (this.#over()) return;
    this.#stream ??= this.#streams.open(this.#res);
    this.#stream.end();
  }

  onClose(listener: (error?: ForgeError) => void): void {
    if (this.#gone) listener();
    else this.#listener = listener;
  }

  /** Has whoever would answer say why there will be no other answer, if there is none yet. */
  abandon(error: ForgeError): void {
    if (!this.#ended && !this.#gone) this.#listener?.(error);
  }

  /** Cuts the connection of an answer that has not ended in time. */
  cut(): void {
    this.#res.destroy();
  }

  /** Whether nothing can be answered any more; otherwise this is the answer. */
  #over(): boolean {
    const over = this.#ended || this.#gone;
    this.#ended = true;
    return over;
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#listener?.();
  }
}
