/** @module Waits for what another process comes to. */
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves when `reached` does to true, or after `withinMs`. */
export async function until(reached: () => Promise<boolean>, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await reached()) && Date.now() < deadline) await delay(POLL_MS);
}
