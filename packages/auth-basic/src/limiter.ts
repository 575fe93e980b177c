/** @module Lets few run at once, and few wait. */
import { ForgeError } from '@forge/core';

/** Runs work in its turn. @throws ForgeError `too_many_requests` when too many wait already */
export type Limiter = <T>(work: () => Promise<T>) => Promise<T>;

/** Makes a limiter of `running` at once and `waiting` behind them. */
export function createLimiter(running: number, waiting: number): Limiter {
  const queue: (() => void)[] = [];
  let free = running;
  return async (work) => {
    if (free > 0) free -= 1;
    else if (queue.length < waiting) await new Promise<void>((resolve) => queue.push(resolve));
    else throw new ForgeError('too_many_requests', 'Too many sign-ins at once; try again', { retryAfter: 1 });
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else free += 1;
    }
  };
}
