/** @module Timers that never keep a process alive by themselves. */

/** Runs `work` once after `ms`; returns the way to call it off. */
export function after(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  (timer as { unref?: () => void }).unref?.();
  return () => clearTimeout(timer);
}

/** Runs `work` every `ms`; returns the way to stop. */
export function every(ms: number, work: () => void): () => void {
  const timer = setInterval(work, ms);
  (timer as { unref?: () => void }).unref?.();
  return () => clearInterval(timer);
}
