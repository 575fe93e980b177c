/** @module Messages out of the data of a stream. */
import type { ClientHttp2Stream } from 'node:http2';
import { decompress } from './compression.ts';
import { FrameReader } from './frames.ts';
import type { CallError } from './status.ts';

/** Who hears of messages. */
export interface Hearer {
  /** Nothing more is wanted. */
  readonly isDone: boolean;
  message(bytes: Buffer): void;
  broken(error: CallError): void;
  /** All that came so far was read. */
  caughtUp(): void;
}

/** Reads the messages of one call, in their order. While one is unpacked, the stream waits. */
export class AnswerReader {
  /** `grpc-encoding` */
  encoding = 'identity';
  readonly #stream: ClientHttp2Stream;
  readonly #maxBytes: number;
  readonly #hearer: Hearer;
  readonly #frames: FrameReader;
  #unpacking = false;
  #hasWaited = false;

  constructor(stream: ClientHttp2Stream, maxBytes: number, hearer: Hearer) {
    this.#stream = stream;
    this.#maxBytes = maxBytes;
    this.#hearer = hearer;
    this.#frames = new FrameReader(maxBytes);
  }

  /** Whether a message is being unpacked. */
  get isBusy(): boolean {
    return this.#unpacking;
  }

  /** Whether there was nothing but whole messages. A stream that waits, and is cut then, loses what it has not handed out. */
  isWhole(drained: boolean): boolean {
    return this.#frames.isEmpty && (drained || !this.#hasWaited);
  }

  push(chunk: Buffer): void {
    this.#frames.push(chunk);
    this.#read();
  }

  #read(): void {
    try {
      for (;;) {
        if (this.#unpacking || this.#hearer.isDone) return;
        const frame = this.#frames.next();
        if (frame === undefined) return this.#hearer.caughtUp();
        if (frame.compressed) void this.#unpack(frame.bytes);
        else this.#hearer.message(frame.bytes);
      }
    } catch (error) {
      this.#hearer.broken(error as CallError);
    }
  }

  async #unpack(bytes: Buffer): Promise<void> {
    this.#unpacking = this.#hasWaited = true;
    this.#stream.pause();
    try {
      const message = await decompress(bytes, this.encoding, this.#maxBytes);
      if (!this.#hearer.isDone) this.#hearer.message(message);
    } catch (error) {
      this.#hearer.broken(error as CallError);
    }
    this.#unpacking = false;
    this.#stream.resume();
    this.#read();
  }
}
