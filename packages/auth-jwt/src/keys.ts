/** @module Keys, and the algorithms that go with each kind: a token never chooses how it is checked. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { ForgeError } from '@forge/core';

/** What checks signatures: a secret for HS256, HS384 and HS512, or a public key in PEM for RS, PS, ES and EdDSA. */
export type VerifyingKey =
  | { readonly secret: string; readonly publicKey?: undefined }
  | { readonly publicKey: string; readonly secret?: undefined };

/** What signs: a secret, or a private key in PEM. */
export type SigningKey =
  | { readonly secret: string; readonly privateKey?: undefined }
  | { readonly privateKey: string; readonly secret?: undefined };

/** A key with the algorithms that it may be used with, the usual one first. */
export interface PinnedKey {
  readonly key: KeyObject | Uint8Array;
  readonly algorithms: readonly string[];
}

const HS = ['HS256', 'HS384', 'HS512'];
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const EC: Record<string, readonly string[]> = {
  prime256v1: ['ES256'],
  secp384r1: ['ES384'],
  secp521r1: ['ES512'],
};
const MIN_RSA_BITS = 2048;

/**
 * Reads a key that checks. `algorithm` leaves only that one.
 *
 * @throws ForgeError `validation_failed` when it cannot be used; the key is not repeated
 */
export function verifyingKey({ secret, publicKey }: VerifyingKey, algorithm?: string): PinnedKey {
  return pinned(secret === undefined ? readPem('public', publicKey) : readSecret(secret), algorithm);
}

/** Reads a key that signs. @throws ForgeError `validation_failed` */
export function signingKey({ secret, privateKey }: SigningKey, algorithm?: string): PinnedKey {
  return pinned(secret === undefined ? readPem('private', privateKey) : readSecret(secret), algorithm);
}

function pinned(key: PinnedKey, algorithm: string | undefined): PinnedKey {
  if (algorithm === undefined) return key;
  if (key.algorithms.includes(algorithm)) return { ...key, algorithms: [algorithm] };
  throw invalid(`${algorithm} does not go with this key, which is for ${key.algorithms.join(', ')}`);
}

function readSecret(secret: string): PinnedKey {
  if (secret === '') throw invalid('The secret is empty');
  // Whoever knows a public key could sign with it.
  if (secret.includes('-----BEGIN')) throw invalid('The secret is a PEM file; give it as the key that it is');
  return { key: new TextEncoder().encode(secret), algorithms: HS };
}

function readPem(kind: 'public' | 'private', pem: string): PinnedKey {
  const key = parsePem(kind, pem);
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'rsa':
      if (modulusLength < MIN_RSA_BITS) throw invalid(`RSA keys have at least ${MIN_RSA_BITS} bits`);
      return { key, algorithms: RSA };
    case 'ec': {
      const algorithms = EC[namedCurve];
      if (algorithms) return { key, algorithms };
      throw invalid(`The curve ${namedCurve} is not supported: P-256, P-384 and P-521 are`);
    }
    case 'ed25519':
      return { key, algorithms: ['EdDSA', 'Ed25519'] };
    default:
      throw invalid(`Keys of the type ${key.asymmetricKeyType} are not supported: RSA, EC and Ed25519 are`);
  }
}

function parsePem(kind: 'public' | 'private', pem: string): KeyObject {
  try {
    return kind === 'public' ? createPublicKey(pem) : createPrivateKey(pem);
  } catch (cause) {
    throw new ForgeError('validation_failed', `The ${kind} key is not PEM that can be read`, { cause });
  }
}

function invalid(message: string): ForgeError {
  return new ForgeError('validation_failed', message);
}
