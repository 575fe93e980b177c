/** @module Counts the tokens that models behind upstreams used, in memory. Upstreams tell; no result is looked into. */
import type { TokenUsage } from '@forge/protocol';

/** Tokens since the start of this process. */
export interface UsageCounts {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Calls that have been counted. */
  readonly calls: number;
}

/** Token counters. */
export interface UsageMeter {
  /** Adds what one call used. For `onUsage` of `createForge`. */
  readonly add: (upstreamId: string, usage: TokenUsage) => void;
  /** By upstream id. */
  byUpstream(): ReadonlyMap<string, UsageCounts>;
}

/** Upstreams counted one by one; they do not become more by calls, but by being registered and deleted. */
const MAX_UPSTREAMS = 10_000;

/**
 * Fresh counters.
 *
 * @example
 * const usage = createUsageMeter();
 * await createForge({ onUsage: usage.add, ... });
 */
export function createUsageMeter(): UsageMeter {
  const counts = new Map<string, UsageCounts>();
  return {
    byUpstream: () => counts,
    add(upstreamId, { inputTokens, outputTokens }) {
      const before = counts.get(upstreamId) ?? NONE;
      if (before === NONE && counts.size >= MAX_UPSTREAMS) counts.delete(oldestOf(counts));
      counts.set(upstreamId, {
        inputTokens: before.inputTokens + amountOf(inputTokens),
        outputTokens: before.outputTokens + amountOf(outputTokens),
        calls: before.calls + 1,
      });
    },
  };
}

const NONE: UsageCounts = { inputTokens: 0, outputTokens: 0, calls: 0 };

/** More than any model takes. Endpoints may say anything. */
const MAX_TOKENS = 1_000_000_000;

function amountOf(tokens: number): number {
  return Number.isSafeInteger(tokens) && tokens > 0 ? Math.min(tokens, MAX_TOKENS) : 0;
}

function oldestOf(counts: ReadonlyMap<string, UsageCounts>): string {
  const [oldest = ''] = counts.keys();
  return oldest;
}
