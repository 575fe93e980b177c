/** @module Counters of calls as the REST API shows them. */
import type { CallStats } from '@forge/core';

/** In seconds. */
export function totals(stats: CallStats | undefined) {
  const { calls = 0, failures = 0, minMs = 0, maxMs = 0, totalMs = 0, lastAt = 0 } = stats ?? {};
  const some = calls > 0;
  return {
    totalExecutions: calls,
    successfulExecutions: calls - failures,
    failedExecutions: failures,
    failureRate: some ? failures / calls : 0,
    minResponseTime: some ? minMs / 1000 : null,
    maxResponseTime: some ? maxMs / 1000 : null,
    avgResponseTime: some ? totalMs / calls / 1000 : null,
    lastExecutionTime: some ? new Date(lastAt).toISOString() : null,
  };
}

/** Several together; `undefined` for none. */
export function sumOf(all: readonly CallStats[]): CallStats | undefined {
  const [first, ...others] = all;
  return others.reduce(
    (sum, one) =>
      sum && {
        calls: sum.calls + one.calls,
        failures: sum.failures + one.failures,
        minMs: Math.min(sum.minMs, one.minMs),
        maxMs: Math.max(sum.maxMs, one.maxMs),
        totalMs: sum.totalMs + one.totalMs,
        lastAt: Math.max(sum.lastAt, one.lastAt),
      },
    first,
  );
}
