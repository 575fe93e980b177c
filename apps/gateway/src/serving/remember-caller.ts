/** @module Remembers, with each connection, who was authenticated on it: clients send the same header with every call. */
import type { Principal } from '@forge/core';
import type { Authenticate } from './authenticate.ts';

interface Remembered {
  readonly authorization: string | undefined;
  readonly principal: Principal;
  readonly epoch: number;
  /** In ms since 1970. */
  readonly expiresAt: number;
}

/**
 * Authenticates a connection's first request, and again when the header, the epoch or the time says so.
 *
 * @param epoch changes whenever an earlier answer may not hold any more: a token revoked, a user changed
 */
export function rememberCaller(
  authenticate: Authenticate,
  epoch: () => number,
  now: () => number = Date.now,
): (connection: object, authorization: string | undefined) => Principal | Promise<Principal> {
  const callers = new WeakMap<object, Remembered>();

  return (connection, authorization) => {
    const current = epoch();
    const known = callers.get(connection);
    if (known?.authorization === authorization && known?.epoch === current && known.expiresAt > now()) {
      return known.principal;
    }
    const remember = (principal: Principal): Principal => {
      callers.set(connection, { authorization, principal, epoch: current, expiresAt: principal.expiresAt ?? Infinity });
      return principal;
    };
    const found = authenticate(authorization);
    return found instanceof Promise ? found.then(remember) : remember(found);
  };
}
