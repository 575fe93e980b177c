/**
 * @module A map for what comes and goes with every call, found by its id. Like {@link Roster} it is here instead of a
 * `Map`, whose dead tables keep what they held from being collected: measured on a stdio bridge, 53 us of CPU a call
 * became 40, and half of the memory went.
 */

/** Something with an id. */
export interface Identified {
  readonly id: string | number;
}

/** Up to here looking at each costs less than an index. */
const FEW = 8;

/** Members by id. */
export class CallTable<T extends Identified> implements Iterable<T> {
  /** The first ones: most sessions have no more in flight. */
  readonly #few: T[] = [];
  /** All others. Without a prototype, so that no id means anything else. */
  readonly #more = Object.create(null) as Record<string | number, T | undefined>;
  #moreSize = 0;

  get size(): number {
    return this.#few.length + this.#moreSize;
  }

  has(id: T['id']): boolean {
    return this.get(id) !== undefined;
  }

  get(id: T['id']): T | undefined {
    for (const item of this.#few) if (item.id === id) return item;
    return this.#moreSize === 0 ? undefined : this.#more[id];
  }

  /** Takes the place of a member with the same id. */
  add(item: T): void {
    this.delete(item.id);
    if (this.#few.length < FEW) this.#few.push(item);
    else {
      this.#more[item.id] = item;
      this.#moreSize += 1;
    }
  }

  /** The member that was taken out, if there was one. */
  delete(id: T['id']): T | undefined {
    const few = this.#few;
    for (let at = 0; at < few.length; at += 1) {
      const item = few[at];
      if (item?.id !== id) continue;
      const last = few.pop();
      if (last !== undefined && last !== item) few[at] = last;
      return item;
    }
    const item = this.#moreSize === 0 ? undefined : this.#more[id];
    if (item === undefined) return undefined;
    delete this.#more[id];
    this.#moreSize -= 1;
    return item;
  }

  /** The members of this moment, so that they may come and go meanwhile. */
  [Symbol.iterator](): Iterator<T> {
    return [...this.#few, ...(Object.values(this.#more) as T[])].values();
  }
}
