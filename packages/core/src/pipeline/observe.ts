/** @module Watches calls from outside: how each went and how long it took, measured once for all who want to know. */
import { errorOutcome, type Outcome, type RpcError } from '@forge/protocol';
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
const CANCELLED = -32800;
/** With the name of a plugin, it is that which denied the call. */
const FORBIDDEN = -32003;

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

function summariseError({ code, data }: RpcError): AuditEntry['outcome'] {
  if (code === CANCELLED) return 'cancelled';
  return code === FORBIDDEN && data?.has('plugin') === true ? 'denied' : 'error';
}

function summarise(outcome: Outcome): AuditEntry['outcome'] {
  if (outcome.error) return summariseError(outcome.error);
  const { result } = outcome;
  if (result.text.length > PARSED) return 'ok';
  return (result.value as { isError?: unknown } | null)?.isError === true ? 'tool_error' : 'ok';
}
