/** @module What stands before every MCP request: who calls, which endpoint, and what the caller wants sent upstream. */
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Caller } from './exchange.ts';
import type { HeaderBag } from './headers.ts';

/** How an application admits requests; a transport says what a request is. */
export interface AdmissionOptions<Request> {
  /**
   * Who calls. Runs before the body is read; answering synchronously is cheapest.
   *
   * @throws ForgeError `unauthenticated`
   */
  readonly authenticate: (request: Request) => Caller | Promise<Caller>;
  /**
   * The endpoint at a path, if this caller may use one there.
   *
   * @throws ForgeError e.g. `forbidden`
   */
  readonly endpoint: (
    path: string,
    request: Request,
    caller: Caller,
  ) => Endpoint | undefined | Promise<Endpoint | undefined>;
}

const MAX_AUTHORIZATION_LENGTH = 4096;

/**
 * Finds caller and endpoint, then continues: synchronously where the application answers so.
 *
 * @param fail gets ForgeError `unauthenticated`, `not_found` or whatever the application threw
 */
export function admit<Request>(
  options: AdmissionOptions<Request>,
  request: Request,
  path: string,
  next: (caller: Caller, endpoint: Endpoint) => void,
  fail: (error: unknown) => void,
): void {
  const enter = (caller: Caller, endpoint: Endpoint | undefined): void => {
    if (endpoint === undefined) throw new ForgeError('not_found', 'There is no MCP endpoint at this path');
    next(caller, endpoint);
  };
  const find = (caller: Caller): void | Promise<void> => {
    const endpoint = options.endpoint(path, request, caller);
    return endpoint instanceof Promise ? endpoint.then((found) => enter(caller, found)) : enter(caller, endpoint);
  };
  try {
    const caller = options.authenticate(request);
    const entered = caller instanceof Promise ? caller.then(find) : find(caller);
    if (entered instanceof Promise) entered.catch(fail);
  } catch (error) {
    fail(error);
  }
}

/**
 * The value of `X-Upstream-Authorization`.
 *
 * @throws ForgeError `invalid_request` when it is longer than 4096 characters, or not plain ASCII.
 */
export function upstreamAuthorization(headers: HeaderBag): string | undefined {
  const value = headers['x-upstream-authorization'];
  if (value === undefined || value === '') return undefined;
  if (value.length > MAX_AUTHORIZATION_LENGTH || !/^[\x20-\x7E]+$/.test(value)) {
    throw new ForgeError('invalid_request', 'X-Upstream-Authorization is too long or not plain ASCII');
  }
  return value;
}
