/**
 * @module Doing something with each of many without keeping everybody else waiting: writing to ten thousand connections takes
 * a good part of a second.
 */

/** Rounds over the same items. */
export interface Rounds<T> {
  /**
   * Visits each item, the first ones now and the rest, where that takes too long, in later turns of the event loop. Items may
   * come and go meanwhile. While a round of this name is under way, another one waits for its end, and replaces one that
   * waits already. `visit` must not throw.
   */
  begin(name: string, visit: (item: T) => void): void;
}

/** How long one turn of the event loop may take, in ms. */
const TURN_MS = 10;

/** Rounds that may be under way; what is begun past that is done at once, so that whoever is too fast has to wait. */
const MAX_ROUNDS = 1000;

/** Makes rounds over `items`, which can be iterated while they change, as a `Set` can. */
export function createRounds<T>(items: Iterable<T>): Rounds<T> {
  /** Those under way, each with what comes after it. */
  const underWay = new Map<string, ((item: T) => void) | undefined>();

  function goOn(name: string, visit: (item: T) => void, left: Iterator<T>): void {
    const until = performance.now() + TURN_MS;
    for (let next = left.next(); next.done !== true; next = left.next()) {
      visit(next.value);
      if (performance.now() < until) continue;
      setTimeout(goOn, 0, name, visit, left);
      return;
    }
    const after = underWay.get(name);
    underWay.delete(name);
    if (after !== undefined) begin(name, after);
  }

  function begin(name: string, visit: (item: T) => void): void {
    if (underWay.has(name)) {
      underWay.set(name, visit);
    } else if (underWay.size >= MAX_ROUNDS) {
      for (const item of items) visit(item);
    } else {
      underWay.set(name, undefined);
      goOn(name, visit, items[Symbol.iterator]());
    }
  }

  return { begin };
}
