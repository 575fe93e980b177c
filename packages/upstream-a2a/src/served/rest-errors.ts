/** @module Errors in the form of A2A's HTTP+JSON binding: `google.rpc.Status` as JSON (1.0, 11.6). */
import { A2A_CONTENT_TYPE } from '@a2a-js/sdk';
import { A2AError, restStatusFor, toRestErrorBody } from '@a2a-js/sdk/errors';
import { ForgeError } from '@forge/protocol';

/** `google.rpc.Code` by HTTP status. */
const NAMES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  405: 'UNIMPLEMENTED',
  413: 'OUT_OF_RANGE',
  429: 'RESOURCE_EXHAUSTED',
  503: 'UNAVAILABLE',
};

/** Whatever was thrown, as the body of an answer. Errors that nobody meant say nothing of what is inside. */
export function restErrorBody(thrown: unknown): object {
  if (thrown instanceof A2AError) return toRestErrorBody(thrown, restStatusFor(thrown));
  const { meaning, publicMessage } = ForgeError.from(thrown);
  return bodyOf(meaning.httpStatus, publicMessage);
}

/** The same as an answer. */
export function restErrorResponse(thrown: unknown): Response {
  if (thrown instanceof A2AError) return respond(restStatusFor(thrown), restErrorBody(thrown));
  const { meaning, retryAfter } = ForgeError.from(thrown);
  const response = respond(meaning.httpStatus, restErrorBody(thrown));
  if (retryAfter !== undefined) response.headers.set('retry-after', String(Math.max(1, Math.ceil(retryAfter))));
  return response;
}

/** An error of HTTP itself. */
export function restFailure(status: number, message: string): Response {
  return respond(status, bodyOf(status, message));
}

function bodyOf(code: number, message: string): object {
  return { error: { code, status: NAMES[code] ?? 'INTERNAL', message, details: [] } };
}

function respond(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': A2A_CONTENT_TYPE } });
}
