/** @module Watches calls from outside: how each went and how long it took, measured once for all who want to know. */
import { errorOutcome, type JsonText, type Outcome, ownCode, type RpcError } from '@forge/protocol';
import type { Call, Interceptor } from '../contracts/interceptor.ts';
import type { AuditEntry } from '../contracts/model.ts';

/** A call that is over. */
export interface Observation {
  readonly call: Call;
  readonly outcome: Outcome;
  /** The outcome in one word; `tool_error` is a result with `isError: true`. */
  readonly summary: AuditEntry['outcome'];
  /** When it began, in ms since 1970. */
  readonly at: number;
  readonly durationMs: number;
}

/** Is told of every call when it is over; must be quick and must not throw. */
export type CallObserver = (observation: Observation) => void;

/** Results up to this length were parsed when they were checked, so looking costs nothing; tool errors are short. */
const PARSED = 32_768;

/**
 * The interceptor for observers; the first in the list of interceptors sees what callers see.
 *
 * @example
 * const metrics = createMetrics();
 * await createForge({ interceptors: [observeCalls([metrics.observe])], ... });
 */
export function observeCalls(observers: readonly CallObserver[]): Interceptor {
  return (next) => (call) => {
    const at = Date.now();
    const start = performance.now();
    const seen = (outcome: Outcome): Outcome => {
      const observation = { call, outcome, summary: summarise(outcome), at, durationMs: performance.now() - start };
      for (const observe of observers) observe(observation);
      return outcome;
    };
    try {
      return next(call).then(seen, (error: unknown) => seen(errorOutcome(error)));
    } catch (error) {
      return Promise.resolve(seen(errorOutcome(error)));
    }
  };
}

/** An upstream's error is an error, whatever it says: who denied a call, or gave it up, is known here. */
function summariseError(error: RpcError): AuditEntry['outcome'] {
  const code = ownCode(error);
  if (code === 'cancelled') return 'cancelled';
  return code === 'plugin_denied' ? 'denied' : 'error';
}

function summarise(outcome: Outcome): AuditEntry['outcome'] {
  if (outcome.error) return summariseError(outcome.error);
  return outcome.result.text.length <= PARSED && isToolError(outcome.result) ? 'tool_error' : 'ok';
}

function isToolError(result: JsonText): boolean {
  try {
    return (result.value as { isError?: unknown } | null)?.isError === true;
  } catch {
    return false; // an upstream's text that nobody had parsed and that is no JSON after all: the call is recorded all the same
  }
}
