/** @module Finds out who calls, by asking each authenticator in turn. */
import { type Authenticator, ForgeError, type Principal } from '@forge/core';

/** Whoever calls without credentials, where none are required. */
const ANONYMOUS: Principal = { id: 'anonymous', admin: true };

/** Answers who sent these credentials: synchronously when that is remembered. */
export type Authenticate = (authorization: string | undefined) => Principal | Promise<Principal>;

/**
 * The first authenticator that knows the scheme decides.
 *
 * @param required whether callers without credentials are refused, instead of let in as an anonymous administrator
 * @returns a function that throws ForgeError `unauthenticated`
 */
export function createAuthenticate(authenticators: readonly Authenticator[], required: boolean): Authenticate {
  const ask = (authorization: string | undefined, from: number): Principal | Promise<Principal> => {
    for (let index = from; index < authenticators.length; index += 1) {
      const found = authenticators[index]?.authenticate({ authorization });
      if (found instanceof Promise) return found.then((principal) => principal ?? ask(authorization, index + 1));
      if (found !== undefined) return found;
    }
    throw new ForgeError('unauthenticated', authorization === undefined ? undefined : 'This scheme is not accepted');
  };
  return (authorization) => (authorization === undefined && !required ? ANONYMOUS : ask(authorization, 0));
}
