/** @module How long a program takes to start; that varies more than anything else. */
import { medianOfNumbers } from './metrics.ts';

const STARTS = 3;

/** The median of several starts, after one that only fills caches. */
export async function medianStart(start: () => Promise<number>): Promise<number> {
  await start();
  const times: number[] = [];
  while (times.length < STARTS) times.push(await start());
  return medianOfNumbers(times);
}
