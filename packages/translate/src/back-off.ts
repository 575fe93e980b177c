/** @module Keeps a child that dies at once from being started as fast as clients can ask for it. */
import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 250;
const LONGEST_MS = 15_000;
/** Who lives this long is well again. */
const WELL_MS = 30_000;

/** Starts something, later and later after each failure in a row. */
export interface BackOff {
  /** Waits as long as it takes, then starts. What `start` throws counts as a failure. */
  run<T>(start: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** What was started last has ended unasked. */
  failed(): void;
  /** How long the next start waits from now, in ms. */
  readonly waitMs: number;
}

/** Waits 250 ms after the first failure in a row, twice as long after each further one, at most 15 s. */
export function createBackOff(now: () => number = Date.now): BackOff {
  let failures = 0;
  let startedAt = -Infinity;
  let failedAt = -Infinity;

  const failed = () => {
    failures = now() - startedAt > WELL_MS ? 1 : failures + 1;
    failedAt = now();
  };
  const waitMs = () =>
    failures === 0 ? 0 : Math.max(0, failedAt + Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS) - now());

  return {
    get waitMs() {
      return waitMs();
    },
    failed,
    async run(start, signal) {
      const wait = waitMs();
      if (wait > 0) await sleep(wait, undefined, { signal });
      signal?.throwIfAborted();
      startedAt = now();
      try {
        return await start();
      } catch (error) {
        failed();
        throw error;
      }
    },
  };
}
