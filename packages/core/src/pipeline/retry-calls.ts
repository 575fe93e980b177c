/**
 * @module The interceptor that makes a tool's call again where that cannot have another effect: it was not dispatched, or
 * its tool says that it may be repeated. Upstreams that repeat by rules of their own say in `attempts` that they have.
 */
import { type Outcome, ownCode } from '@forge/protocol';
import type { Call, Interceptor } from '../contracts/interceptor.ts';
import { after } from '../upstreams/timer.ts';

/** Options of {@link retryCalls}. */
export interface RetryOptions {
  /** Repetitions of a call at most. */
  readonly retries: number;
  /** Milliseconds after the beginning in which a repetition may begin. */
  readonly withinMs: number;
  /** Whether a tool declares that calling it twice is as good as once (`idempotentHint`, `readOnlyHint`). */
  isRepeatable(itemId: string): boolean;
  /** Before the first repetition, in ms; doubles with each. @default 200 */
  readonly pauseMs?: number | undefined;
}

/** Longest time that a call is kept waiting for an upstream that says when it is back, in ms. */
const PATIENCE_MS = 2000;

/** Repeats failed calls of tools. A call that works costs nothing here. */
export function retryCalls({ retries, withinMs, isRepeatable, pauseMs = 200 }: RetryOptions): Interceptor {
  return (next) => async (call) => {
    const begun = performance.now();
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await next(call);
      if (outcome.error === undefined || attempt >= retries || !mayRepeat(call, outcome, isRepeatable)) return outcome;
      const pause = pauseMs * 2 ** attempt * (0.75 + Math.random() / 2);
      if (performance.now() - begun + pause >= withinMs) return outcome;
      await passed(pause, call);
      if (call.exchange.cancelled) return outcome;
    }
  };
}

function mayRepeat(call: Call, { error }: Outcome, isRepeatable: RetryOptions['isRepeatable']): boolean {
  if (call.itemId === undefined || call.request.method !== 'tools/call' || call.exchange.cancelled) return false;
  const code = error && ownCode(error);
  if (code === undefined) return false; // an answer, however much it looks like an error of ours
  const { retryAfter = 0, attempts } = (error?.data?.value ?? {}) as Record<string, number | undefined>;
  if (attempts !== undefined || retryAfter * 1000 > PATIENCE_MS) return false;
  return code === 'upstream_unreachable' || (code === 'outcome_unknown' && isRepeatable(call.itemId));
}

/** Resolves after a while, or when the client cancels. */
function passed(ms: number, { exchange }: Call): Promise<void> {
  return new Promise((resolve) => {
    const callOff = after(ms, resolve);
    exchange.onCancel(() => {
      callOff();
      resolve();
    });
  });
}
