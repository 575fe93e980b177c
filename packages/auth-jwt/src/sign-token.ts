/** @module Makes tokens. */
import { randomUUID } from 'node:crypto';
import { ForgeError } from '@forge/core';
import { SignJWT } from 'jose';
import { DEFAULT_AUDIENCE, DEFAULT_ISSUER } from './defaults.ts';
import { type SigningKey, signingKey } from './keys.ts';

/** What a token says. */
export interface TokenOptions {
  /** Email of the user: `sub`. */
  readonly subject: string;
  /** Minutes until it expires; 0: never. */
  readonly expiresInMinutes: number;
  /** The only virtual server that the token opens. @default every one that the user may see */
  readonly serverId?: string | undefined;
  /** @default the usual one of the key: HS256, RS256, ES256 ..., EdDSA */
  readonly algorithm?: string | undefined;
  /** @default 'mcpgateway' */
  readonly issuer?: string | undefined;
  /** @default 'mcpgateway-api' */
  readonly audience?: string | undefined;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** Options of {@link signToken}. */
export type SignTokenOptions = TokenOptions & SigningKey;

/** A new token. */
export interface SignedToken {
  readonly token: string;
  /** Its id, for revoking it. */
  readonly jti: string;
  /** Milliseconds since 1970; absent when it never expires. */
  readonly expiresAt?: number | undefined;
}

/**
 * Signs a token with a new `jti`.
 *
 * @throws ForgeError `validation_failed` when the key cannot be used, or the expiry is not 0 or more minutes
 * @example
 * const { token } = await signToken({ subject: 'admin@example.com', expiresInMinutes: 60, secret });
 */
export async function signToken(options: SignTokenOptions): Promise<SignedToken> {
  const { subject, expiresInMinutes, serverId, now = Date.now } = options;
  if (!Number.isFinite(expiresInMinutes) || expiresInMinutes < 0) {
    throw new ForgeError('validation_failed', 'A token expires in 0 (never) or more minutes');
  }
  if (subject.trim() === '') throw new ForgeError('validation_failed', 'A token needs a subject');
  const { key, algorithms } = signingKey(options, options.algorithm);
  const jti = randomUUID();
  const issuedAt = Math.floor(now() / 1000);
  const jwt = new SignJWT(serverId === undefined ? {} : { scopes: { server_id: serverId } })
    .setProtectedHeader({ alg: algorithms[0] ?? '', typ: 'JWT' })
    .setSubject(subject)
    .setIssuedAt(issuedAt)
    .setIssuer(options.issuer ?? DEFAULT_ISSUER)
    .setAudience(options.audience ?? DEFAULT_AUDIENCE)
    .setJti(jti);
  if (expiresInMinutes === 0) return { token: await jwt.sign(key), jti };
  const expiry = issuedAt + Math.ceil(expiresInMinutes * 60);
  return { token: await jwt.setExpirationTime(expiry).sign(key), jti, expiresAt: expiry * 1000 };
}
