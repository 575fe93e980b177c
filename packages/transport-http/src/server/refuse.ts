/** @module The one place where a failed request becomes an HTTP answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ForgeError, formatError, toRpcError } from '@forge/protocol';

/** How much of a refused body is still taken in, so that the client gets to read why. */
const DRAINED_BYTES = 64 * 1024 * 1024;

/**
 * Answers with a JSON-RPC error without an id, the status of the error's code, and the headers that belong to it:
 * `WWW-Authenticate` (401) and `Retry-After`. Headers that were set on `res` before go out too.
 *
 * @param challenge of `WWW-Authenticate`
 */
export function refuse(req: IncomingMessage, res: ServerResponse, thrown: unknown, challenge = 'Bearer'): void {
  if (res.headersSent) {
    res.destroy(); // an answer has begun, and cannot be taken back
    return;
  }
  const error = ForgeError.from(thrown);
  const body = formatError(undefined, toRpcError(error));
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  };
  if (error.code === 'unauthenticated') headers['www-authenticate'] = challenge;
  if (error.retryAfter !== undefined) headers['retry-after'] = Math.ceil(error.retryAfter);
  res.writeHead(error.meaning.httpStatus, headers).end(body);
  if (!req.complete) drain(req);
}

/**
 * Cutting the connection while the client still sends would make it lose the answer. So the rest is read and dropped,
 * up to a bound; how long that may take is bounded by the server's `requestTimeout`.
 */
function drain(req: IncomingMessage): void {
  let taken = 0;
  req.on('data', (chunk: Buffer) => {
    taken += chunk.length;
    if (taken > DRAINED_BYTES) req.destroy();
  });
  req.on('error', () => {}); // the client went away; nothing is left to tell it
  req.resume();
}
