/** @module Open event streams: their keep-alive, and the bounds on what clients leave unread. */
import type { ServerResponse } from 'node:http';
import { createRounds, encodeEvent, type SseEventInit } from '@forge/protocol';

/** Bounds of event streams. */
export interface StreamOptions {
  /** Streams that may be open at once. @default 10000 */
  readonly maxStreams?: number | undefined;
  /** Milliseconds between two comments that keep idle streams open; 0 for none. @default 30000 */
  readonly keepAliveMs?: number | undefined;
  /** Milliseconds after which a client that has lost a stream should reconnect (`retry:`). @default none is sent */
  readonly retryMs?: number | undefined;
  /** A client is cut once it leaves more than this unread, its largest message not counted. @default 4194304 */
  readonly maxBufferedBytes?: number | undefined;
  /** A client is cut when it takes nothing of what waits for it for this long, in ms. @default 60000 */
  readonly stallMs?: number | undefined;
}

const COMMENT = ':\n\n';

/** The event streams of one listener. */
export class Streams {
  readonly stallMs: number;
  readonly retryMs: number | undefined;
  readonly #maxStreams: number;
  readonly #keepAliveMs: number;
  readonly #maxBufferedBytes: number;
  readonly #open = new Set<EventStream>();
  readonly #rounds = createRounds(this.#open);
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StreamOptions = {}) {
    this.#maxStreams = options.maxStreams ?? 10_000;
    this.#keepAliveMs = options.keepAliveMs ?? 30_000;
    this.#maxBufferedBytes = options.maxBufferedBytes ?? 4 * 1024 * 1024;
    this.stallMs = options.stallMs ?? 60_000;
    this.retryMs = options.retryMs;
  }

  get size(): number {
    return this.#open.size;
  }

  get full(): boolean {
    return this.#open.size >= this.#maxStreams;
  }

  /** Makes the response an event stream; its headers go out at once. */
  open(res: ServerResponse): EventStream {
    const stream = new EventStream(res, this.#maxBufferedBytes, this.stallMs);
    this.#open.add(stream);
    res.once('close', () => this.#closed(stream));
    if (this.#keepAliveMs > 0) this.#timer ??= setInterval(() => this.#keepAlive(), this.#keepAliveMs).unref();
    return stream;
  }

  #keepAlive(): void {
    this.#rounds.begin('keep-alive', (stream) => stream.write(COMMENT));
  }

  #closed(stream: EventStream): void {
    this.#open.delete(stream);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** One response as an event stream. No call throws, and once the client is gone none does anything. */
export class EventStream {
  readonly #res: ServerResponse;
  readonly #maxBufferedBytes: number;
  readonly #stallMs: number;
  /** The largest message among those that may still be unread. */
  #largest = 0;
  #waiting = false;

  constructor(res: ServerResponse, maxBufferedBytes: number, stallMs: number) {
    this.#res = res;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#stallMs = stallMs;
    res.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    res.flushHeaders();
  }

  event(event: SseEventInit): void {
    this.write(encodeEvent(event));
  }

  /** Writes text that is an event or a comment already. */
  write(text: string): void {
    const res = this.#res;
    if (res.destroyed || res.writableEnded) return;
    if (res.writableLength > this.#maxBufferedBytes + this.#largest) res.destroy();
    else if (res.write(text)) this.#largest = 0;
    else {
      this.#largest = Math.max(this.#largest, Buffer.byteLength(text));
      this.#cutWhenStalled();
    }
  }

  end(): void {
    this.#res.end();
    cutWhenStalled(this.#res, this.#stallMs);
  }

  #cutWhenStalled(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    cutWhenStalled(this.#res, this.#stallMs);
    this.#res.once('drain', () => {
      this.#waiting = false;
      this.#res.socket?.setTimeout(0);
    });
  }
}

/** Has the connection cut when its client reads nothing for `stallMs` while something waits for it. */
export function cutWhenStalled(res: ServerResponse, stallMs: number): void {
  // `node:http` destroys a socket that times out, and sets its own timeout once the answer is through.
  if (res.writableLength > 0) res.socket?.setTimeout(stallMs);
}
