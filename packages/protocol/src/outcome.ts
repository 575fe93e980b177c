/** @module Outcomes made by Forge itself. */
import { type ErrorCode, ForgeError } from './errors.ts';
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

/** Codes of the error objects that were made here. What an upstream answers may have any code and any data. */
const OWN = new WeakMap<RpcError, ErrorCode>();

/** The code of an error that this Forge made itself; `undefined` for what an upstream answered, whatever that looks like. */
export function ownCode(error: RpcError): ErrorCode | undefined {
  return OWN.get(error);
}

/** Whatever was thrown, as the error object that the caller may see. */
export function toRpcError(thrown: unknown): RpcError {
  const error = ForgeError.from(thrown);
  const data = {
    ...error.data,
    ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }),
    ...(error.meaning.jsonRpcCode === -32603 ? { code: error.code, errorId: error.id } : {}),
    // -32010 is said of a Forge that is too busy as well, which is another answer in HTTP.
    ...(error.code === 'too_many_requests' ? { code: error.code } : {}),
  };
  const made: RpcError = {
    code: error.meaning.jsonRpcCode,
    message: error.publicMessage,
    data: Object.keys(data).length === 0 ? undefined : JsonText.of(data),
  };
  OWN.set(made, error.code);
  return made;
}

/** Whatever was thrown, as an outcome. */
export function errorOutcome(thrown: unknown): Outcome {
  return { era: 'modern', error: toRpcError(thrown) };
}
