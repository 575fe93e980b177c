/** @module The `Authorization: Basic` header (RFC 7617), in UTF-8. */
import { ForgeError } from '@forge/core';

/** Far above what an email and a password need. */
const MAX_LENGTH = 8192;
const SCHEME = /^basic(?: +|$)/i;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** What a header says. */
export interface BasicCredentials {
  /** In lower case. */
  readonly email: string;
  readonly password: string;
}

/**
 * Reads a header; `undefined` when it is of another scheme.
 *
 * @throws ForgeError `unauthenticated` when it cannot be read
 */
export function parseBasic(authorization: string | undefined): BasicCredentials | undefined {
  if (authorization === undefined || !SCHEME.test(authorization)) return undefined;
  const encoded = authorization.length <= MAX_LENGTH ? authorization.replace(SCHEME, '').trimEnd() : '';
  const decoded = BASE64.test(encoded) ? decode(encoded) : undefined;
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined || colon < 1 || hasControls(decoded)) {
    throw new ForgeError('unauthenticated', 'The Basic credentials are not the Base64 of "email:password"');
  }
  return { email: decoded.slice(0, colon).toLowerCase(), password: decoded.slice(colon + 1) };
}

function decode(encoded: string): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(encoded, 'base64'));
  } catch {
    return undefined; // not UTF-8: the caller refuses it
  }
}

/** RFC 7617, 2: neither part may have control characters. */
function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
