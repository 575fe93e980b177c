/** @module What becomes of push notifications: counted, and in the log where a receiver cannot be told. */
import type { PushOutcome } from '@forge/upstream-a2a';
import type { Logger } from 'pino';

/** Counters, since the start of this process. */
export interface PushCounts {
  readonly delivered: number;
  readonly failed: number;
  readonly dropped: number;
}

/** Hears of push notifications. */
export interface PushOutcomes {
  readonly observe: (outcome: PushOutcome) => void;
  readonly counts: PushCounts;
}

/** Receivers that are known to fail; the oldest is forgotten for one more, and may be logged again. */
const MAX_FAILING = 1000;

/** Fresh counters. A receiver that fails is logged once, until it takes something again. */
export function createPushOutcomes(log: Logger, isCounting: boolean): PushOutcomes {
  const counts = { delivered: 0, failed: 0, dropped: 0 };
  const failing = new Set<string>();
  return {
    counts,
    observe({ outcome, receiver, taskId, reason, attempts }) {
      if (isCounting) counts[outcome] += 1;
      if (outcome === 'delivered') failing.delete(receiver);
      if (outcome !== 'failed' || failing.has(receiver)) return;
      const [oldest] = failing;
      if (failing.size >= MAX_FAILING && oldest !== undefined) failing.delete(oldest);
      failing.add(receiver);
      log.warn({ receiver, taskId, reason, attempts }, 'an agent could not be told of its task');
    },
  };
}
