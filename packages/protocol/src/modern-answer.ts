/** @module An outcome as the answer to a modern request: its HTTP status, and codes that mean something to this client. */
import type { ClientExchange } from './client-exchange.ts';
import type { Outcome, RpcError } from './exchange.ts';

/** Codes whose HTTP status is not 200 (2026-07-28, Streamable HTTP, Protocol Version Header; basic/index, `_meta`). */
const STATUS: ReadonlyMap<number, number> = new Map([
  [-32601, 404],
  [-32021, 400],
]);

/**
 * Codes that an upstream may send and a modern client must not get: those of earlier revisions, and those that would
 * speak of the hop between the client and us.
 */
const TRANSLATED: ReadonlyMap<number, number> = new Map([
  [-32002, -32602],
  [-32042, -32603],
  [-32020, -32603],
  [-32022, -32603],
]);

/** Answers with an outcome in modern form. */
export function answerModern(exchange: ClientExchange, outcome: Outcome): void {
  if (outcome.error === undefined) return exchange.finish(200, outcome);
  const error = translated(outcome.error);
  exchange.finish(STATUS.get(error.code) ?? 200, { era: 'modern', error });
}

function translated(error: RpcError): RpcError {
  const code = TRANSLATED.get(error.code);
  return code === undefined ? error : { ...error, code };
}
