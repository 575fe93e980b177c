/** @module When a call is made again: never what might have an effect twice, and never past its deadline. */
import type { ForgeError } from '@forge/protocol';
import type { RestOperation } from '../config/operation.ts';

/** Methods that may be repeated without another effect (RFC 9110, 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);
/** Statuses that say "later". */
const LATER: readonly number[] = [429, 502, 503, 504];

/** Before the first repetition; doubles with each, in ms. */
const FIRST_MS = 250;
const LONGEST_MS = 5000;

/** Whether a call that may have been carried out may be made again. */
export function isRepeatable({ method, annotations }: RestOperation): boolean {
  const hint = annotations?.['idempotentHint'];
  return typeof hint === 'boolean' ? hint : IDEMPOTENT.has(method);
}

/** Whether an answer asks to come back later. */
export function saysLater(status: number): boolean {
  return LATER.includes(status);
}

/** Whether a failure may pass by itself. */
export function mayPass(error: ForgeError, repeatable: boolean): boolean {
  return error.code === 'upstream_unreachable' || (repeatable && error.code === 'outcome_unknown');
}

/** Milliseconds to wait before attempt `attempt + 1`. What the upstream asks for is the least. */
export function pauseBefore(attempt: number, retryAfterMs = 0): number {
  const pause = Math.min(FIRST_MS * 2 ** (attempt - 1), LONGEST_MS) * (0.5 + Math.random() / 2);
  return Math.max(pause, retryAfterMs);
}

/** `Retry-After` in ms: seconds, or a date (RFC 9110, 10.2.3). */
export function readRetryAfter(header: string | string[] | undefined, now = Date.now()): number | undefined {
  if (typeof header !== 'string') return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
