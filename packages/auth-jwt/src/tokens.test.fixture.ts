/** @module Tokens for the tests of this package, and what the authenticator asks. */
import { createHmac } from 'node:crypto';
import type { Principal } from '@forge/core';
import { expect } from 'vitest';
import { jwtAuthenticator, type JwtOptions } from './jwt-authenticator.ts';
import { signToken, type TokenOptions } from './sign-token.ts';

/** As short as the one in ContextForge's README. */
export const SECRET = 'my-test-key';
/** The user that everything is signed for. */
export const EMAIL = 'admin@example.com';
/** What the directory answers. */
export const users = new Map<string, Principal>();
/** Ids of revoked tokens. */
export const revoked = new Set<string>();
/** What time it is. */
export const clock = { now: 0 };
/** Options but for the key. */
export const common: JwtOptions = {
  directory: { find: (email) => users.get(email) },
  isRevoked: (jti) => revoked.has(jti),
  now: () => clock.now,
};

/** Back to where every test starts. */
export function reset(): void {
  users.clear();
  users.set(EMAIL, { id: EMAIL, admin: true });
  revoked.clear();
  clock.now = Date.UTC(2026, 5, 1);
}

/** An authenticator that checks by {@link SECRET}. */
export const withSecret = (options: Partial<JwtOptions> = {}) =>
  jwtAuthenticator({ ...common, ...options, secret: SECRET });
/** A token by the package itself. */
export const sign = async (options: Partial<TokenOptions> = {}) =>
  signToken({ subject: EMAIL, expiresInMinutes: 60, now: () => clock.now, ...options, secret: SECRET });

/** A token made by hand, signed by HMAC with `secret`. */
export function forge(claims: unknown, header: object = {}, secret = SECRET): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

/** The time as tokens have it. */
export const seconds = () => Math.floor(clock.now / 1000);
/** Claims that are good. */
export const claims = (more: object = {}) => ({
  sub: EMAIL,
  iss: 'mcpgateway',
  aud: 'mcpgateway-api',
  jti: 'an-id',
  exp: seconds() + 60,
  ...more,
});

/** As callers see it: a throw and a rejection are the same. */
export const authenticate = async (token: string, authenticator = withSecret()) =>
  authenticator.authenticate({ authorization: `Bearer ${token}` });
/** A refusal whose message contains `message`. */
export const refused = (message: string) => ({
  code: 'unauthenticated',
  message: expect.stringContaining(message) as string,
});
