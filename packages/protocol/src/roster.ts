/**
 * @module A set for what comes and goes with every call. A `Set` would do, but V8 rebuilds its table every few dozen
 * deletions and links each old table to the next: once one is in the old generation, all that follow are kept until a
 * full collection, with everything that they held (measured: 40 % of a call's CPU went into that).
 */

/** Something that can be in one roster. */
export interface Enlisted {
  /** Where it stands; -1 while it is in none. The field belongs to {@link Roster}. */
  slot: number;
}

/** A set without order. Members know their places, so that everything takes constant time and allocates nothing. */
export class Roster<T extends Enlisted> implements Iterable<T> {
  readonly #members: T[] = [];

  get size(): number {
    return this.#members.length;
  }

  /** Does nothing for a member. */
  add(item: T): void {
    if (item.slot < 0) item.slot = this.#members.push(item) - 1;
  }

  /** Does nothing for who is no member. */
  delete(item: T): void {
    const { slot } = item;
    if (slot < 0) return;
    item.slot = -1;
    const last = this.#members.pop();
    if (last === undefined || last === item) return;
    this.#members[slot] = last;
    last.slot = slot;
  }

  /** The members of this moment, so that they may come and go meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#members].values();
  }
}
