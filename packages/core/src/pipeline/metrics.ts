/** @module Counts calls per item, in memory; nothing on the way of a call but a few additions. */
import { TASK_METHODS } from '@forge/protocol';
import type { CallObserver } from './observe.ts';

/** Counters of one item, or of several together. Times in ms. */
export interface CallStats {
  readonly calls: number;
  readonly failures: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly totalMs: number;
  /** Milliseconds since 1970. */
  readonly lastAt: number;
}

/** Call counters since the start of this process. */
export interface Metrics {
  readonly observe: CallObserver;
  /** By method, e.g. `tools/call`. */
  byMethod(): ReadonlyMap<string, CallStats>;
  /** By item id. */
  byItem(): ReadonlyMap<string, CallStats>;
}

/** Items counted one by one; past it only the totals grow. */
const MAX_ITEMS = 50_000;
/** Methods that are counted. A client may send any other, as often and as long as it likes. */
const METHODS: ReadonlySet<string> = new Set([
  'tools/call',
  'tools/list',
  'prompts/get',
  'prompts/list',
  'resources/read',
  'resources/list',
  'resources/templates/list',
  'completion/complete',
  ...TASK_METHODS,
]);

/** Fresh counters. */
export function createMetrics(): Metrics {
  const methods = new Map<string, Counter>();
  const items = new Map<string, Counter>();
  return {
    byMethod: () => methods,
    byItem: () => items,
    observe({ call, summary, durationMs }) {
      const failed = summary === 'error' || summary === 'tool_error';
      const { method } = call.request;
      if (METHODS.has(method)) counterOf(methods, method)?.add(durationMs, failed);
      if (call.itemId !== undefined) counterOf(items, call.itemId)?.add(durationMs, failed);
    },
  };
}

function counterOf(counters: Map<string, Counter>, key: string): Counter | undefined {
  let counter = counters.get(key);
  if (!counter && counters.size < MAX_ITEMS) {
    counter = new Counter();
    counters.set(key, counter);
  }
  return counter;
}

class Counter implements CallStats {
  calls = 0;
  failures = 0;
  minMs = Infinity;
  maxMs = 0;
  totalMs = 0;
  lastAt = 0;

  add(took: number, failed: boolean): void {
    this.calls += 1;
    if (failed) this.failures += 1;
    if (took < this.minMs) this.minMs = took;
    if (took > this.maxMs) this.maxMs = took;
    this.totalMs += took;
    this.lastAt = Date.now();
  }
}
