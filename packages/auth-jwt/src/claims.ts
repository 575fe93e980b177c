/** @module What a token claims, and the sentences that say why it is refused. */
import { ForgeError } from '@forge/core';
import type { JWTPayload } from 'jose';

/** What Forge reads from a token whose signature, times, issuer and audience are good. */
export interface TokenClaims {
  /** In lower case, as emails are kept. */
  readonly subject: string;
  readonly jti: string | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | undefined;
  /** The virtual server that the token is bound to. */
  readonly serverId: string | undefined;
}

/** The longest `sub`, `jti` and `server_id`. */
const MAX_LENGTH = 255;
const MAX_DATE_SECONDS = 8.64e12;

/**
 * Reads the claims.
 *
 * @throws ForgeError `unauthenticated` when one has the wrong form, or limits the token in a way that Forge cannot hold
 */
export function readClaims(payload: JWTPayload): TokenClaims {
  const { sub, jti, exp, username, scopes } = payload as Record<string, unknown>;
  const subject = text('sub', sub ?? username);
  if (subject === undefined) throw unauthenticated('The token has no "sub" claim');
  if (exp !== undefined && !(typeof exp === 'number' && Math.abs(exp) <= MAX_DATE_SECONDS)) throw malformed('exp');
  return {
    subject: subject.toLowerCase(),
    jti: text('jti', jti),
    expiresAt: exp === undefined ? undefined : exp * 1000,
    serverId: readServerId(scopes),
  };
}

/** A token may always do less than its owner: what Forge cannot hold it to, it refuses, or the token would do more. */
function readServerId(scopes: unknown): string | undefined {
  if (scopes === undefined || scopes === null) return undefined;
  if (typeof scopes !== 'object' || Array.isArray(scopes)) throw malformed('scopes');
  const { server_id: serverId, ...limits } = scopes as Record<string, unknown>;
  const unknown = Object.keys(limits).find((name) => !isUnlimited(limits[name]));
  if (unknown !== undefined) {
    throw unauthenticated(
      `The token is limited by "scopes.${unknown.slice(0, 40)}", which this gateway cannot hold it to`,
    );
  }
  return text('scopes.server_id', serverId ?? undefined);
}

/** `null`, `[]`, `{}` and `["*"]` limit nothing. */
function isUnlimited(limit: unknown): boolean {
  if (limit === null) return true;
  if (typeof limit !== 'object') return false;
  const values: unknown[] = Object.values(limit);
  return values.length === 0 || (Array.isArray(limit) && values.includes('*'));
}

function text(claim: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.trim() !== '' && value.length <= MAX_LENGTH) return value;
  throw malformed(claim);
}

/** Checks the `typ` header: another kind of JWT (an ID token, a logout token) is no access token. */
export function checkType(typ: unknown): void {
  const accepted = ['jwt', 'at+jwt', 'application/jwt', 'application/at+jwt'];
  if (typ === undefined || (typeof typ === 'string' && accepted.includes(typ.toLowerCase()))) return;
  throw unauthenticated('The token is of another type: "typ" must be JWT');
}

/** Why jose refused a token, in a sentence without anything from the token. */
export function refusal(error: unknown, algorithms: readonly string[]): ForgeError {
  if (error instanceof ForgeError) return error;
  const { code, claim, reason } = error as { code?: string; claim?: string; reason?: string };
  switch (code) {
    case 'ERR_JWT_EXPIRED':
      return expired();
    case 'ERR_JWT_CLAIM_VALIDATION_FAILED':
      return unauthenticated(claimSentence(claim ?? '', reason));
    case 'ERR_JOSE_ALG_NOT_ALLOWED':
      return unauthenticated(`The token's algorithm is not accepted; accepted: ${algorithms.join(', ')}`);
    case 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED':
      return unauthenticated("The token's signature is not good");
    default:
      return new ForgeError('unauthenticated', 'The token is not a JWT that can be read', { cause: error });
  }
}

function claimSentence(claim: string, reason: string | undefined): string {
  if (reason === 'missing') return `The token has no "${claim}" claim`;
  if (reason === 'invalid') return malformed(claim).message;
  if (claim === 'nbf') return 'The token is not valid yet';
  if (claim === 'iss') return 'The token is of another issuer';
  return claim === 'aud' ? 'The token is for another audience' : malformed(claim).message;
}

/** The refusal of a token whose time is over. */
export function expired(): ForgeError {
  return unauthenticated('The token has expired');
}

/** A refusal. */
export function unauthenticated(message: string): ForgeError {
  return new ForgeError('unauthenticated', message);
}

function malformed(claim: string): ForgeError {
  return unauthenticated(`The token's "${claim}" claim has the wrong form`);
}
