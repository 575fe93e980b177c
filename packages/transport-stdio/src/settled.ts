/** @module Waiting with an end to it. */

/** Waits until `promise` is settled, at most `ms`; the timer goes with it. */
export async function settledWithin(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
