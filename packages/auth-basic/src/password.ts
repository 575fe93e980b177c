/** @module Passwords, hashed by scrypt (RFC 7914) and written as PHC strings: `$scrypt$ln=15,r=8,p=3$salt$hash`. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { ForgeError } from '@forge/core';
import { createLimiter } from './limiter.ts';

/** Cost: 2^ln * r * 128 bytes of memory (32 MiB), p times. One of the settings that OWASP recommends for scrypt. */
const COST = { ln: 15, r: 8, p: 3 };
/** What a stored hash may ask for at most: 128 MiB. */
const MAX_COST = { ln: 17, r: 8, p: 10 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** Longest password, in characters. */
const MAX_PASSWORD_LENGTH = 1024;

/** Two of the four threads that a Node process has for such work: DNS and files keep the others. */
const limited = createLimiter(2, 64);

interface PasswordHash {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/**
 * Hashes a new password.
 *
 * @throws ForgeError `validation_failed` when it is empty or longer than 1,024 characters, `too_many_requests`
 * @example
 * await hashPassword('correct horse'); // '$scrypt$ln=15,r=8,p=3$...$...'
 */
export async function hashPassword(password: string): Promise<string> {
  if (!isPossible(password)) {
    throw new ForgeError('validation_failed', `A password has 1 to ${MAX_PASSWORD_LENGTH} characters`);
  }
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, { ...COST, salt, hash: Buffer.alloc(HASH_BYTES) });
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${base64(salt)}$${base64(hash)}`;
}

/**
 * Whether a password is the one that was hashed. Without a hash (an unknown user), or with one that is no scrypt hash, the
 * answer is no and takes as long.
 *
 * @throws ForgeError `too_many_requests` when too many passwords are being checked
 */
export async function verifyPassword(password: string, passwordHash: string | undefined): Promise<boolean> {
  const stored = passwordHash === undefined ? undefined : parse(passwordHash);
  const possible = isPossible(password);
  const against = stored ?? { ...COST, salt: randomBytes(SALT_BYTES), hash: randomBytes(HASH_BYTES) };
  const hash = await derive(possible ? password : '', against);
  // All three are looked at whatever the first says.
  const equal = timingSafeEqual(hash, against.hash);
  return equal && possible && stored !== undefined;
}

/** Whether a hash was made with another cost than new ones are, so that the next sign-in should hash anew. */
export function needsRehash(passwordHash: string): boolean {
  const stored = parse(passwordHash);
  return stored?.ln !== COST.ln || stored.r !== COST.r || stored.p !== COST.p;
}

function isPossible(password: string): boolean {
  return password.length > 0 && password.length <= MAX_PASSWORD_LENGTH;
}

/** Some keyboards compose characters and others do not: NFC makes them one (RFC 8265, OpaqueString). */
function derive(password: string, { ln, r, p, salt, hash }: PasswordHash): Promise<Buffer> {
  const N = 2 ** ln;
  const options = { N, r, p, maxmem: 128 * r * (N + p + 2) };
  return limited(
    () =>
      new Promise((resolve, reject) => {
        scrypt(password.normalize('NFC'), salt, hash.length, options, (error, key) =>
          error ? reject(error) : resolve(key),
        );
      }),
  );
}

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/;

function parse(passwordHash: string): PasswordHash | undefined {
  const match = PHC.exec(passwordHash);
  if (!match) return undefined;
  const [ln, r, p] = match.slice(1, 4).map(Number) as [number, number, number];
  if (ln < 1 || r < 1 || p < 1 || ln > MAX_COST.ln || r > MAX_COST.r || p > MAX_COST.p) return undefined;
  return { ln, r, p, salt: Buffer.from(match[4] ?? '', 'base64'), hash: Buffer.from(match[5] ?? '', 'base64') };
}

/** PHC strings leave the padding out. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
