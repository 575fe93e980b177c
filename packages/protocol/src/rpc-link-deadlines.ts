/** @module Deadlines of many calls by one coarse timer, so that a call costs no timer of its own. */
import { type Enlisted, Roster } from './roster.ts';

/** Something with a deadline. The field belongs to {@link Deadlines}. */
export interface Timed extends Enlisted {
  /** The tick after which it has expired; `Infinity` while it is paused. */
  deadline: number;
}

/** Watches over what is in flight. */
export interface Deadlines<T extends Timed> {
  /** What is watched, paused or not. */
  readonly items: Iterable<T> & { readonly size: number };
  /** Gives `item` the whole time, again if it is watched already. */
  start(item: T): void;
  /** Stops its clock, while somebody else is being waited for. */
  pause(item: T): void;
  /** Ends the watch. */
  stop(item: T): void;
}

/** Steps per timeout: an item expires at most a sixteenth late. */
const STEPS = 16;

/**
 * Deadlines of `timeoutMs` each. The timer runs only while something is watched and does not keep a process alive.
 *
 * @param onExpired called once per expired item, which is not watched any more
 */
export function createDeadlines<T extends Timed>(timeoutMs: number, onExpired: (item: T) => void): Deadlines<T> {
  const items = new Roster<T>();
  let tick = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  function sweep(): void {
    tick += 1;
    for (const item of items) {
      if (item.deadline > tick) continue;
      items.delete(item);
      onExpired(item);
    }
    if (items.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    items,
    start(item) {
      item.deadline = tick + STEPS + 1;
      items.add(item);
      if (timer !== undefined) return;
      timer = setInterval(sweep, Math.max(1, timeoutMs / STEPS));
      if (typeof timer === 'object') timer.unref();
    },
    pause(item) {
      item.deadline = Infinity;
    },
    stop(item) {
      items.delete(item);
    },
  };
}
