/** @module The frames of gRPC: a flag, a length, a message (grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"). */
import { CallError, Status } from './status.ts';

/** A message as it was received. */
export interface Frame {
  readonly compressed: boolean;
  /** Good until the next one is read. */
  readonly bytes: Buffer;
}

const HEAD = 5;
const EMPTY: Buffer = Buffer.alloc(0);
/** Chunks of fewer bytes are joined, so many at a time: each that is kept takes about a hundred bytes more. */
const SMALL = 256;

/** The frame of a message. */
export function frame(message: Uint8Array, compressed = false): Buffer {
  const framed = Buffer.allocUnsafe(HEAD + message.length);
  framed[0] = compressed ? 1 : 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEAD);
  return framed;
}

/** A frame of which not all has come. */
interface Begun {
  readonly compressed: boolean;
  readonly length: number;
}

/**
 * Takes chunks, gives frames. A frame that came in one chunk is not copied. Of others no more memory is taken than a few times
 * what has come of them, however long they say they are and in however many chunks they come.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #chunk = EMPTY;
  #at = 0;
  /** Of a head of which not all has come. */
  #head = EMPTY;
  #begun: Begun | undefined;
  #parts: Buffer[] = [];
  #small: Buffer[] = [];
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether all that came was whole frames, and was read. */
  get isEmpty(): boolean {
    return this.#begun === undefined && this.#head.length === 0 && this.#at === this.#chunk.length;
  }

  /** Adds to what can be read. */
  push(chunk: Buffer): void {
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  /** The next frame, where it is there. @throws CallError `RESOURCE_EXHAUSTED` when it is too long, `INTERNAL` when it is none */
  next(): Frame | undefined {
    this.#begun ??= this.#begin();
    if (this.#begun === undefined) return undefined;
    const { compressed, length } = this.#begun;
    const bytes = this.#take(length - this.#filled);
    const isWhole = this.#filled + bytes.length === length;
    if (isWhole && this.#filled === 0) {
      this.#begun = undefined;
      return { compressed, bytes };
    }
    this.#keep(bytes);
    return isWhole ? { compressed, bytes: this.#join() } : undefined;
  }

  #begin(): Begun | undefined {
    const taken = this.#take(HEAD - this.#head.length);
    const head = this.#head.length === 0 ? taken : Buffer.concat([this.#head, taken]);
    this.#head = head.length < HEAD ? head : EMPTY;
    if (head.length < HEAD) return undefined;
    if ((head[0] ?? 0) > 1) throw new CallError(Status.INTERNAL, 'What was answered is not gRPC', 'unknown');
    const length = head.readUInt32BE(1);
    if (length <= this.#maxBytes) return { compressed: head[0] === 1, length };
    const what = `A message of ${length} bytes was answered, more than ${this.#maxBytes}`;
    throw new CallError(Status.RESOURCE_EXHAUSTED, what);
  }

  /** So many bytes, or what there is. */
  #take(count: number): Buffer {
    const taken = this.#chunk.subarray(this.#at, this.#at + count);
    this.#at += taken.length;
    return taken;
  }

  #keep(bytes: Buffer): void {
    this.#filled += bytes.length;
    const isSmall = bytes.length < SMALL;
    if (isSmall) this.#small.push(bytes);
    if (isSmall && this.#small.length < SMALL) return;
    this.#parts.push(Buffer.concat(this.#small));
    this.#small = [];
    if (!isSmall) this.#parts.push(bytes);
  }

  #join(): Buffer {
    const whole = Buffer.concat([...this.#parts, ...this.#small], this.#filled);
    this.#parts = [];
    this.#small = [];
    this.#filled = 0;
    this.#begun = undefined;
    return whole;
  }
}
