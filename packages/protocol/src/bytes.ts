/**
 * @module Bytes that arrive in pieces. They are copied together as they come: kept one by one, pieces of a single byte
 * would take hundreds of times the memory that a bound on their sum allows.
 */

const NONE = new Uint8Array(0);

/** Bytes that grow. */
export class Bytes {
  #held: Uint8Array = NONE;
  #length = 0;

  /** How many there are. */
  get length(): number {
    return this.#length;
  }

  /** What has come so far: the very first piece, where there is no other one. */
  get all(): Uint8Array {
    return this.#length === this.#held.length ? this.#held : this.#held.subarray(0, this.#length);
  }

  /** Adds a piece. The first one is kept as it is, and must not be changed by anyone. */
  push(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) this.#held = piece;
    else {
      if (length > this.#held.length) {
        const larger = new Uint8Array(2 * length);
        larger.set(this.all);
        this.#held = larger;
      }
      this.#held.set(piece, this.#length);
    }
    this.#length = length;
  }
}
