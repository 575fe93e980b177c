/** @module The interceptor that holds every tool to the same limits, whatever is behind it. */
import type { Interceptor } from '../contracts/interceptor.ts';
import { type CallBounds, CallLimit } from './call-limit.ts';

/** Tools that are counted at once. */
const MAX_TOOLS = 10_000;

/**
 * Limits calls of each tool; put it into the list of interceptors only where there is a limit.
 *
 * @example
 * createForge({ interceptors: [limitCalls({ perMinute: 100, concurrent: 10 })], ... });
 */
export function limitCalls(bounds: CallBounds): Interceptor {
  const limits = new Map<string, CallLimit>();
  const limitOf = (itemId: string): CallLimit => {
    const known = limits.get(itemId);
    if (known !== undefined) return known;
    if (limits.size >= MAX_TOOLS) dropIdle(limits);
    const limit = new CallLimit(bounds);
    limits.set(itemId, limit);
    return limit;
  };
  return (next) => async (call) => {
    if (call.itemId === undefined || call.request.method !== 'tools/call') return next(call);
    const limit = limitOf(call.itemId);
    limit.enter(performance.now());
    try {
      return await next(call);
    } finally {
      limit.leave();
    }
  };
}

function dropIdle(limits: Map<string, CallLimit>): void {
  const now = performance.now();
  for (const [id, limit] of limits) if (limit.isIdle(now)) limits.delete(id);
}
