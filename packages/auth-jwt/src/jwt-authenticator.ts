/** @module Bearer tokens that are JWTs (RFC 6750, RFC 7519, RFC 8725), verified once and remembered by their hash. */
import { hash } from 'node:crypto';
import { type Authenticator, ForgeError, type Principal, type PrincipalDirectory } from '@forge/core';
import { jwtVerify } from 'jose';
import { checkType, expired, readClaims, refusal, type TokenClaims, unauthenticated } from './claims.ts';
import { DEFAULT_AUDIENCE, DEFAULT_ISSUER } from './defaults.ts';
import { type VerifyingKey, verifyingKey } from './keys.ts';

/** Options of {@link jwtAuthenticator}; besides them, the key. */
export interface JwtOptions {
  /** Says who a token's subject is; asked each time. */
  readonly directory: PrincipalDirectory;
  /** Whether a token was revoked; asked each time. */
  readonly isRevoked: (jti: string) => boolean;
  /** The only algorithm accepted. @default every one that goes with the key */
  readonly algorithm?: string | undefined;
  /** @default 'mcpgateway' */
  readonly issuer?: string | undefined;
  /** @default 'mcpgateway-api' */
  readonly audience?: string | undefined;
  /** Seconds by which clocks may differ. @default 5 */
  readonly clockTolerance?: number | undefined;
  /** Refuses tokens without `exp`. @default true */
  readonly requireExp?: boolean | undefined;
  /** Refuses tokens without `jti`, which cannot be revoked. @default true */
  readonly requireJti?: boolean | undefined;
  /**
   * Accepts subjects that the directory does not know, as principals who are no administrators. The directory does not
   * know disabled users either: what keeps them out is then the revocation of their tokens alone. @default false
   */
  readonly allowUnknownSubjects?: boolean | undefined;
  /** How many tokens are remembered; those verified first go first, and are verified again. @default 10000 */
  readonly maxRemembered?: number | undefined;
  /** How many tokens may be under verification at once. @default 256 */
  readonly maxPending?: number | undefined;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Options of {@link jwtAuthenticator}. */
export type JwtAuthenticatorOptions = JwtOptions & VerifyingKey;

/** An authenticator of JWTs. */
export interface JwtAuthenticator extends Authenticator {
  /** Drops what is remembered of a token. `isRevoked` refuses it without that; this frees its memory. */
  forget(jti: string): void;
  /** How many tokens are remembered. */
  readonly remembered: number;
}

/** The longest token, in characters. */
const MAX_TOKEN_LENGTH = 8192;
const SCHEME = /^bearer(?: +|$)/i;
const SCHEME_LENGTH = 'bearer'.length;
const COMPACT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

interface Remembered {
  readonly claims: TokenClaims;
  /** What the directory said, and the principal made of it for this token. */
  base: Principal;
  principal: Principal;
}

/**
 * Authenticates by `Authorization: Bearer`. A token that was verified before is answered synchronously; revocation, expiry
 * and changes of the user count at once all the same.
 *
 * @throws ForgeError `validation_failed` when the key cannot be used
 * @example
 * const authenticator = jwtAuthenticator({ secret, directory, isRevoked: (jti) => revoked.has(jti) });
 */
export function jwtAuthenticator(options: JwtAuthenticatorOptions): JwtAuthenticator {
  const { directory, isRevoked, maxRemembered = 10_000, maxPending = 256, now = Date.now } = options;
  const { clockTolerance = 5, requireExp = true, requireJti = true, allowUnknownSubjects = false } = options;
  const { key, algorithms } = verifyingKey(options, options.algorithm);
  const checks = {
    algorithms: [...algorithms],
    issuer: options.issuer ?? DEFAULT_ISSUER,
    audience: options.audience ?? DEFAULT_AUDIENCE,
    clockTolerance,
    requiredClaims: [...(requireExp ? ['exp'] : []), ...(requireJti ? ['jti'] : [])],
  };
  /** By SHA-256: the memory of the process holds no token that could be used. */
  const remembered = new Map<string, Remembered>();
  const pending = new Map<string, Promise<Principal>>();

  const baseOf = ({ subject }: TokenClaims): Principal => {
    const known = directory.find(subject);
    if (known) return known;
    if (allowUnknownSubjects) return { id: subject, admin: false };
    throw unauthenticated("The token's user is unknown or disabled");
  };
  const deadline = ({ expiresAt }: TokenClaims) =>
    expiresAt === undefined ? undefined : expiresAt + clockTolerance * 1000;
  const bind = (base: Principal, claims: TokenClaims): Principal =>
    Object.freeze({ ...base, serverId: claims.serverId, expiresAt: deadline(claims) });

  /** What may change after a signature was found good. */
  const assertCurrent = (claims: TokenClaims) => {
    if (claims.jti !== undefined && isRevoked(claims.jti)) throw unauthenticated('The token was revoked');
    if ((deadline(claims) ?? Infinity) <= now()) throw expired();
  };

  /** The way of nearly every call: nothing is moved or made, so the oldest is forgotten first, used or not. */
  const recall = (digest: string, entry: Remembered): Principal => {
    try {
      assertCurrent(entry.claims);
      const base = baseOf(entry.claims);
      if (base !== entry.base && !sameRights(base, entry.base)) entry.principal = bind(base, entry.claims);
      entry.base = base;
      return entry.principal;
    } catch (error) {
      remembered.delete(digest);
      throw error;
    }
  };

  const verify = async (token: string, digest: string): Promise<Principal> => {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, key, { ...checks, currentDate: new Date(now()) });
      checkType(protectedHeader.typ);
      const claims = readClaims(payload);
      assertCurrent(claims);
      const base = baseOf(claims);
      const principal = bind(base, claims);
      remembered.set(digest, { claims, base, principal });
      const [oldest] = remembered.keys();
      if (remembered.size > maxRemembered && oldest !== undefined) remembered.delete(oldest);
      return principal;
    } catch (error) {
      throw refusal(error, algorithms);
    }
  };

  return {
    scheme: 'bearer',
    authenticate({ authorization }) {
      if (authorization === undefined || !SCHEME.test(authorization)) return undefined;
      if (authorization.length > MAX_TOKEN_LENGTH) {
        throw unauthenticated(`The token is longer than ${MAX_TOKEN_LENGTH} characters`);
      }
      const token = authorization.slice(SCHEME_LENGTH).trim();
      const digest = hash('sha256', token, 'base64');
      const entry = remembered.get(digest);
      if (entry) return recall(digest, entry);
      const running = pending.get(digest);
      if (running) return running;
      if (!COMPACT.test(token)) throw unauthenticated('The token is not a JWT that can be read');
      if (pending.size >= maxPending) {
        throw new ForgeError('too_many_requests', 'Too many new tokens at once; try again', { retryAfter: 1 });
      }
      const verifying = verify(token, digest).finally(() => pending.delete(digest));
      pending.set(digest, verifying);
      return verifying;
    },
    forget(jti) {
      for (const [digest, { claims }] of remembered) if (claims.jti === jti) remembered.delete(digest);
    },
    get remembered() {
      return remembered.size;
    },
  };
}

/** Directories may make a new object for the same user each time. */
function sameRights(a: Principal, b: Principal): boolean {
  return a.id === b.id && a.admin === b.admin;
}
