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
const LEAST_PART = 1024;

/** The frame of a message. */
export function frame(message: Uint8Array, compressed = false): Buffer {
  const framed = Buffer.allocUnsafe(HEAD + message.length);
  framed[0] = compressed ? 1 : 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, HEAD);
  return framed;
}

/**
 * Takes chunks, gives frames. A frame that came in one chunk is not copied. Of others no more memory is taken than twice what
 * has come of them, however long they say they are and in however many chunks they come.
 */
export class FrameReader {
  readonly #maxBytes: number;
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** A frame of which there is a beginning. */
  #part: Buffer = EMPTY;
  #filled = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether all that came was whole frames, and was read. */
  get isEmpty(): boolean {
    return this.#filled === 0 && this.#at === this.#chunk.length;
  }

  /** Adds to what can be read. */
  push(chunk: Buffer): void {
    const rest = this.#chunk.subarray(this.#at);
    this.#chunk = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#at = 0;
  }

  /** The next frame, where it is there. @throws CallError `RESOURCE_EXHAUSTED` when it is too long, `INTERNAL` when it is none */
  next(): Frame | undefined {
    return this.#filled === 0 && this.#chunk.length - this.#at >= HEAD ? this.#whole() : this.#assembled();
  }

  #whole(): Frame | undefined {
    const end = this.#at + HEAD + this.#lengthOf(this.#chunk, this.#at);
    if (end > this.#chunk.length) return this.#assembled();
    const found = { compressed: this.#chunk[this.#at] === 1, bytes: this.#chunk.subarray(this.#at + HEAD, end) };
    this.#at = end;
    return found;
  }

  #assembled(): Frame | undefined {
    if (!this.#fill(HEAD) || !this.#fill(HEAD + this.#lengthOf(this.#part, 0))) return undefined;
    const found = { compressed: this.#part[0] === 1, bytes: this.#part.subarray(HEAD, this.#filled) };
    this.#part = EMPTY;
    this.#filled = 0;
    return found;
  }

  #lengthOf(bytes: Buffer, at: number): number {
    if ((bytes[at] ?? 0) > 1) throw new CallError(Status.INTERNAL, 'What was answered is not gRPC', 'unknown');
    const length = bytes.readUInt32BE(at + 1);
    if (length <= this.#maxBytes) return length;
    throw new CallError(
      Status.RESOURCE_EXHAUSTED,
      `A message of ${length} bytes was answered, more than ${this.#maxBytes}`,
    );
  }

  /** Whether there are so many bytes of it. */
  #fill(wanted: number): boolean {
    if (this.#filled >= wanted) return true;
    const end = Math.min(this.#chunk.length, this.#at + wanted - this.#filled);
    const filled = this.#filled + end - this.#at;
    if (filled > this.#part.length) {
      const grown = Buffer.allocUnsafe(Math.max(filled, Math.min(wanted, 2 * this.#part.length), LEAST_PART));
      this.#part.copy(grown, 0, 0, this.#filled);
      this.#part = grown;
    }
    this.#chunk.copy(this.#part, this.#filled, this.#at, end);
    this.#at = end;
    this.#filled = filled;
    return filled === wanted;
  }
}
