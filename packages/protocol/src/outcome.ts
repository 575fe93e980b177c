/** @module Outcomes made by Forge itself. */
import { ForgeError } from './errors.ts';
import type { Outcome, RpcError } from './exchange.ts';
import { JsonText } from './json-text.ts';
import type { Era } from './versions.ts';

/** A result of Forge's own, in modern form. */
export function resultOutcome(result: JsonText, era: Era = 'modern'): Outcome {
  return { era, result };
}

/** A JSON-RPC error as an outcome. */
export function rpcErrorOutcome(error: RpcError, era: Era = 'modern'): Outcome {
  return { era, error };
}

/** Whatever was thrown, as the error object that the caller may see. */
export function toRpcError(thrown: unknown): RpcError {
  const error = ForgeError.from(thrown);
  const data = {
    ...error.data,
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    ...(error.meaning.jsonRpcCode === -32603 ? { code: error.code, errorId: error.id } : {}),
  };
  return {
    code: error.meaning.jsonRpcCode,
    message: error.publicMessage,
    data: Object.keys(data).length === 0 ? undefined : JsonText.of(data),
  };
}

/** Whatever was thrown, as an outcome. */
export function errorOutcome(thrown: unknown): Outcome {
  return { era: 'modern', error: toRpcError(thrown) };
}
