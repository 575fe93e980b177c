/** @module Calls of MCP on behalf of REST operations. */
import { ERRORS, type ErrorCode, ForgeError } from '@forge/core';
import { JsonText } from '@forge/protocol';
import type { ApiRequest } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';

const INTERNAL_ERROR = -32603;
const TOO_BUSY = -32010;
const BY_RPC_CODE: Readonly<Record<number, ErrorCode>> = {
  [-32601]: 'method_not_found',
  [-32602]: 'invalid_params',
  [-32002]: 'not_found',
  [-32003]: 'forbidden',
  [TOO_BUSY]: 'overloaded',
  [-32800]: 'cancelled',
};

/** The result of one call. @throws ForgeError made of the JSON-RPC error */
export async function callForResult(
  callbacks: ApiCallbacks,
  { principal, upstreamAuthorization, signal }: ApiRequest,
  method: string,
  params: Readonly<Record<string, string>>,
): Promise<JsonText> {
  const message = new JsonText('{"jsonrpc":"2.0","id":1}').with({
    method: JSON.stringify(method),
    params: new JsonText('{}').with(params).text,
  });
  const options = { upstreamAuthorization, signal };
  const response = await callbacks.rpc(principal, principal.serverId, message, options);
  const result = response?.member('result');
  if (result) return result;
  throw toForgeError(response?.member('error')?.value);
}

/** JSON text as an answer, as it is. */
export function jsonResponse({ text }: JsonText, status = 200): Response {
  return new Response(text, { status, headers: { 'content-type': 'application/json' } });
}

/** Seconds; an upstream may name any number. */
const MAX_RETRY_AFTER = 3600;

function toForgeError(error: unknown): ForgeError {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  const facts = (typeof data === 'object' && data !== null ? data : {}) as { code?: unknown; retryAfter?: unknown };
  const { retryAfter } = facts;
  return new ForgeError(
    internalCode(code, facts.code) ?? BY_RPC_CODE[Number(code)] ?? 'upstream_error',
    typeof message === 'string' ? message : undefined,
    {
      data: { rpcCode: code, ...(data === undefined ? {} : { data }) },
      ...(typeof retryAfter === 'number' && retryAfter > 0
        ? { retryAfter: Math.ceil(Math.min(retryAfter, MAX_RETRY_AFTER)) }
        : {}),
    },
  );
}

/**
 * What Forge says besides a code that stands for several things, where it says that. The error may be an upstream's as
 * well: that must not speak for the client's own hop, such as of its credential.
 */
function internalCode(rpcCode: unknown, named: unknown): ErrorCode | undefined {
  if (rpcCode === TOO_BUSY && named === 'too_many_requests') return named;
  if (rpcCode !== INTERNAL_ERROR || typeof named !== 'string' || !Object.hasOwn(ERRORS, named)) return undefined;
  return ERRORS[named as ErrorCode].jsonRpcCode === INTERNAL_ERROR ? (named as ErrorCode) : undefined;
}
