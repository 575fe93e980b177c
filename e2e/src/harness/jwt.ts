/** @module Tokens that a gateway did not make: forged, expired, of somebody else. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The payload of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

/** A token with these claims, signed with HS256; without a key it claims the algorithm `none`. */
export function forge(claims: Readonly<Record<string, unknown>>, key?: string): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: key === undefined ? 'none' : 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${signed}.${key === undefined ? '' : createHmac('sha256', key).update(signed).digest('base64url')}`;
}

/** The key that a gateway generated for itself. */
export function signingKey(dataDir: string): string {
  return (JSON.parse(readFileSync(`${dataDir}/secrets.json`, 'utf8')) as { jwtSecretKey: string }).jwtSecretKey;
}
