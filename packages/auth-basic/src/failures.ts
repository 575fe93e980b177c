/** @module Slows guessing down: who fails often waits, each time twice as long. */
import { ForgeError } from '@forge/core';

/** Failures in a row that cost nothing. */
const FREE = 5;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 300_000;
const FORGET_AFTER_MS = 900_000;
const MAX_REMEMBERED = 10_000;

/** Counts failures in a row, by email. */
export interface Failures {
  /**
   * Counts an attempt as failed until it is known to have succeeded, so that guesses sent at once count one by one.
   *
   * @throws ForgeError `too_many_requests` when this email has to wait
   */
  begin(email: string): void;
  succeeded(email: string): void;
  /** Nothing was found out. */
  undecided(email: string): void;
  readonly size: number;
}

/** Makes a counter of at most 10,000 emails, the least recent going first. */
export function createFailures(now: () => number): Failures {
  const failures = new Map<string, { readonly count: number; readonly at: number }>();
  return {
    begin(email) {
      const last = failures.get(email);
      const elapsed = last ? now() - last.at : Infinity;
      const count = last && elapsed < FORGET_AFTER_MS ? last.count : 0;
      const wait = count < FREE ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (count - FREE), LONGEST_WAIT_MS);
      if (elapsed < wait) {
        const retryAfter = Math.ceil((wait - elapsed) / 1000);
        throw new ForgeError('too_many_requests', 'Too many failed sign-ins; wait before the next', { retryAfter });
      }
      failures.delete(email);
      failures.set(email, { count: count + 1, at: now() });
      const [oldest] = failures.keys();
      if (failures.size > MAX_REMEMBERED && oldest !== undefined) failures.delete(oldest);
    },
    succeeded: (email) => void failures.delete(email),
    undecided(email) {
      const last = failures.get(email);
      if (last) failures.set(email, { count: last.count - 1, at: last.at });
    },
    get size() {
      return failures.size;
    },
  };
}
