/** @module How a call went, in one word, for metrics and audit. */
import type { Outcome } from '@forge/protocol';
import type { AuditRecord } from '../contracts/model.ts';

/** A result whose text is longer is not searched for `isError`: tool errors are short. */
const SEARCHED = 64 * 1024;

/** `tool_error` is a result with `isError: true`. */
export function summarise(outcome: Outcome): AuditRecord['outcome'] {
  if (outcome.error) return outcome.error.code === -32800 ? 'cancelled' : 'error';
  const { text } = outcome.result;
  if (text.length > SEARCHED || !text.includes('"isError"')) return 'ok';
  return outcome.result.member('isError')?.text === 'true' ? 'tool_error' : 'ok';
}
