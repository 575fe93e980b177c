/** @module Patience with an end. */
import { unref } from './legacy-asks.ts';

/** Resolves when `work` does, and no later than after `ms`. */
export async function atMost(ms: number, work: PromiseLike<unknown>): Promise<void> {
  let timer: unknown;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
    unref(timer);
  });
  await Promise.race([work, late]);
  clearTimeout(timer as ReturnType<typeof setTimeout>);
}
