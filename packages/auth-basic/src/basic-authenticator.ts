/** @module HTTP Basic authentication (RFC 7617) of users by email and password. */
import { createHmac, randomBytes } from 'node:crypto';
import { type Authenticator, ForgeError, type Principal, type PrincipalDirectory } from '@forge/core';
import { parseBasic } from './credentials.ts';
import { createFailures } from './failures.ts';

/** Options of {@link basicAuthenticator}. */
export interface BasicAuthenticatorOptions {
  /**
   * Checks a password; `email` is in lower case. `undefined`: unknown, disabled, or the wrong password. It should take as
   * long in each case, which {@link verifyPassword} does.
   */
  verify(email: string, password: string): Promise<Principal | undefined>;
  /** Asked each time that a remembered check is used, so that users who are disabled are out at once. */
  readonly directory?: PrincipalDirectory | undefined;
  /** Milliseconds for which a successful check is remembered. @default 60000 */
  readonly rememberMs?: number | undefined;
  /** How many successful checks are remembered. @default 1000 */
  readonly maxRemembered?: number | undefined;
  /** How many checks may be under way at once. @default 64 */
  readonly maxPending?: number | undefined;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** An authenticator of users by password. */
export interface BasicAuthenticator extends Authenticator {
  /** Forgets the checks of a user; to be called when the password changes or the user is disabled. */
  forget(email: string): void;
}

interface Remembered {
  readonly principal: Principal;
  readonly until: number;
}

/**
 * Authenticates by `Authorization: Basic`. A password is checked once and remembered for a short time by a keyed hash;
 * guessing is slowed down per email.
 *
 * @throws ForgeError (from `authenticate`) `unauthenticated`, `too_many_requests`
 * @example
 * const authenticator = basicAuthenticator({
 *   async verify(email, password) {
 *     const user = await store.users.get(email);
 *     return (await verifyPassword(password, user?.passwordHash)) ? directory.find(email) : undefined;
 *   },
 *   directory,
 * });
 */
export function basicAuthenticator(options: BasicAuthenticatorOptions): BasicAuthenticator {
  const { directory, rememberMs = 60_000, maxRemembered = 1000, maxPending = 64, now = Date.now } = options;
  const key = randomBytes(32);
  const failures = createFailures(now);
  const remembered = new Map<string, Remembered>();
  const pending = new Map<string, Promise<Principal>>();
  /** Counts changes of passwords: a check that began before one is not remembered after it. */
  let epoch = 0;

  const recall = (hash: string): Principal | undefined => {
    const entry = remembered.get(hash);
    if (!entry) return undefined;
    const principal = directory ? directory.find(entry.principal.id) : entry.principal;
    if (entry.until > now() && principal) return principal;
    remembered.delete(hash);
    return undefined;
  };
  const remember = (hash: string, principal: Principal) => {
    remembered.set(hash, { principal, until: now() + rememberMs });
    const [oldest] = remembered.keys();
    if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
  };
  const check = async (email: string, password: string, hash: string): Promise<Principal> => {
    const began = epoch;
    failures.begin(email);
    let found: Principal | undefined;
    try {
      found = await options.verify(email, password);
    } catch (error) {
      failures.undecided(email);
      throw error;
    }
    if (!found) throw new ForgeError('unauthenticated', 'The email or the password is wrong');
    failures.succeeded(email);
    const principal = Object.freeze({ ...found });
    if (began === epoch) remember(hash, principal);
    return principal;
  };

  return {
    scheme: 'basic',
    authenticate({ authorization }) {
      const credentials = parseBasic(authorization);
      if (!credentials) return undefined;
      const { email, password } = credentials;
      const hash = createHmac('sha256', key).update(`${email}\0${password}`).digest('base64');
      const known = recall(hash) ?? pending.get(hash);
      if (known) return known;
      if (pending.size >= maxPending) {
        throw new ForgeError('too_many_requests', 'Too many sign-ins at once; try again', { retryAfter: 1 });
      }
      const checking = check(email, password, hash).finally(() => pending.delete(hash));
      pending.set(hash, checking);
      return checking;
    },
    forget(email) {
      epoch += 1;
      for (const [hash, { principal }] of remembered) if (principal.id === email) remembered.delete(hash);
    },
  };
}
