/** @module Waiting for what other processes do in their own time. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Looks again and again, until `probe` returns something other than `undefined` or `false`.
 *
 * @throws naming `what`, with the last thing that `probe` threw, when the time is up
 */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<Exclude<T, undefined | false>> {
  const deadline = Date.now() + timeoutMs;
  let reason: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found as Exclude<T, undefined | false>;
    } catch (error) {
      reason = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: reason });
    await delay(25);
  }
}
