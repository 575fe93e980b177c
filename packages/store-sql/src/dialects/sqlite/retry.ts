/** @module Waiting for another process without stopping this one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isBusy } from './errors.ts';

const FIRST_WAIT_MS = 2;
const LONGEST_WAIT_MS = 100;

/**
 * Runs `attempt` until it does not find the database busy, or for `timeoutMs`. SQLite's own busy timeout would stop the
 * event loop, and every call of every client with it.
 */
export async function retryWhileBusy<T>(attempt: () => T | Promise<T>, timeoutMs: number): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isBusy(error) || performance.now() + wait > deadline) throw error;
    }
    await sleep(wait);
  }
}
