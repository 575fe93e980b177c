/** @module What a request gets over HTTP that was turned away before it reached an edge. */
import { ForgeError } from './errors.ts';
import { formatError } from './message.ts';
import { toRpcError } from './outcome.ts';

/** An HTTP answer. */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * A JSON-RPC error without an id, the status of the error's code, and the headers that belong to it: `WWW-Authenticate`
 * (401), `Retry-After` and `Upgrade` (426).
 *
 * @param challenge of `WWW-Authenticate`
 */
export function refusalOf(thrown: unknown, challenge = 'Bearer'): Refusal {
  const error = ForgeError.from(thrown);
  const headers: Record<string, string> = { 'content-type': 'application/json', 'cache-control': 'no-store' };
  if (error.code === 'unauthenticated') headers['www-authenticate'] = challenge;
  if (error.code === 'upgrade_required') headers['upgrade'] = 'websocket';
  if (error.retryAfter !== undefined) headers['retry-after'] = String(Math.ceil(error.retryAfter));
  return { status: error.meaning.httpStatus, headers, body: formatError(undefined, toRpcError(error)) };
}
