/** @module Who calls, and how that is found out. */
import type { Caller } from '@forge/protocol';

/** An authenticated caller. Immutable, shared between requests of the same token. */
export interface Principal extends Caller {
  /** The user's email, or `anonymous`. */
  readonly id: string;
  readonly admin: boolean;
  /** The only virtual server that this credential opens, if it is bound to one. */
  readonly serverId?: string | undefined;
  /** Milliseconds since 1970 after which it must be authenticated anew. */
  readonly expiresAt?: number | undefined;
}

/** The parts of a request that authenticators read. */
export interface Credentials {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
}

/**
 * One way to authenticate.
 *
 * @example
 * const principal = await authenticator.authenticate({ authorization: 'Bearer ...' });
 */
export interface Authenticator {
  /** `bearer`, `basic`: the scheme of `WWW-Authenticate`. */
  readonly scheme: string;
  /**
   * The principal; `undefined` when these credentials are not of this scheme. The synchronous answer is for what is
   * remembered.
   *
   * @throws ForgeError `unauthenticated` when they are of this scheme and not good; the message says why.
   */
  authenticate(credentials: Credentials): Principal | undefined | Promise<Principal | undefined>;
}

/** Answers who a user is, without I/O; the registry keeps it current. */
export interface PrincipalDirectory {
  /** `undefined`: unknown or disabled. */
  find(email: string): Principal | undefined;
}
