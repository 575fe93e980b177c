/** @module The one shape of every error. */
import { ForgeError } from '@forge/core';

/** Any error as its answer. `challenge` is the value of `WWW-Authenticate`. */
export function errorResponse(thrown: unknown, challenge: string): Response {
  const error = ForgeError.from(thrown);
  const headers = new Headers();
  if (error.retryAfter !== undefined) headers.set('retry-after', String(Math.max(1, Math.ceil(error.retryAfter))));
  if (error.code === 'unauthenticated') headers.set('www-authenticate', challenge);
  return Response.json(errorBody(error), { status: error.meaning.httpStatus, headers });
}

/** What every error says to the clients of the API, whoever answers it. */
export function errorBody(error: ForgeError) {
  const message = error.publicMessage;
  const details = error.meaning.expose ? error.data : undefined;
  return { error: { code: error.code, message, id: error.id, details }, detail: message };
}
