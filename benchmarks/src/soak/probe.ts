/**
 * @module Runs inside the gateway under test, ahead of it, and says over IPC how much memory it holds and how long it was
 * busy at a stretch. The gateway knows nothing of it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/** What the process holds once garbage is collected, in bytes, and for how long it last kept everybody waiting. */
export interface Reading {
  /** JavaScript objects, and what they hold outside of the heap. */
  readonly heap: number;
  readonly rss: number;
  /** The longest time since the last reading in which the event loop did not turn, in ms. */
  readonly stallMs: number;
}

/** Collections in which finalizers have run and what they let go of is gone. */
const COLLECTIONS = 4;

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();

async function read(): Promise<Reading> {
  const stallMs = delay.max / 1e6;
  for (let count = 0; count < COLLECTIONS; count += 1) {
    globalThis.gc?.();
    await turn();
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  delay.reset();
  return { heap: heapUsed + external, rss, stallMs };
}

process.on('message', () => void read().then((reading) => process.send?.(reading)));
process.channel?.unref(); // the gateway ends as if nobody asked
