/** @module Notices that the machine has slept: a timer that should have run comes much too late. */

const TICK_MS = 5000;
/** A busy machine is late as well, but not by this much. */
const SLEPT_MS = 15_000;

/** Calls `onWake` after each sleep. Returns the end of the watch, which does not keep a process alive. */
export function watchForWake(onWake: (sleptMs: number) => void, now: () => number = Date.now): () => void {
  let last = now();
  const timer = setInterval(() => {
    const sleptMs = now() - last - TICK_MS;
    last = now();
    if (sleptMs > SLEPT_MS) onWake(sleptMs);
  }, TICK_MS).unref();
  return () => clearInterval(timer);
}
