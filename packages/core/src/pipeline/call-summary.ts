/** @module How a call went, in one word, for metrics and audit. */
import type { Outcome } from '@forge/protocol';
import type { AuditRecord } from '../contracts/model.ts';

/** Results up to this length were parsed when they were checked, so looking costs nothing; tool errors are short. */
const PARSED = 32_768;

/** `tool_error` is a result with `isError: true`. */
export function summarise(outcome: Outcome): AuditRecord['outcome'] {
  if (outcome.error) return outcome.error.code === -32800 ? 'cancelled' : 'error';
  const { result } = outcome;
  if (result.text.length > PARSED) return 'ok';
  return (result.value as { isError?: unknown }).isError === true ? 'tool_error' : 'ok';
}
