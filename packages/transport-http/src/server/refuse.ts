/** @module The one place where a failed request becomes an HTTP answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { refusalOf } from '@forge/protocol';

/** How much of a refused body is still taken in, so that the client gets to read why. */
const DRAINED_BYTES = 64 * 1024 * 1024;

/** Answers by {@link refusalOf}. Headers that were set on `res` before go out too. */
export function refuse(req: IncomingMessage, res: ServerResponse, thrown: unknown, challenge?: string): void {
  if (res.headersSent) {
    res.destroy(); // an answer has begun, and cannot be taken back
    return;
  }
  const { status, headers, body } = refusalOf(thrown, challenge);
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
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
