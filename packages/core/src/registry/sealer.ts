/** @module Seals secrets for the store: AES-256-GCM under a key derived from `AUTH_ENCRYPTION_SECRET`. */
import { ForgeError } from '@forge/protocol';

/** Seals and opens secrets. */
export interface Sealer {
  /** `v1.<iv>.<data>` in base64url. It opens only for the same `context`, so it cannot be moved to another row or field. */
  seal(plain: string, context: string): Promise<string>;
  /** @throws ForgeError `internal` when it was sealed with another secret or for another context, or was changed. */
  unseal(sealed: string, context: string): Promise<string>;
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const VERSION = 'v1';
const IV_BYTES = 12;
/** Bytes made text at once: each is an argument of one call. */
const CHUNK = 8192;

/**
 * A sealer whose key comes from `secret` by HKDF-SHA-256 (RFC 5869).
 *
 * @example
 * const sealer = createSealer(config.authEncryptionSecret);
 * const sealed = await sealer.seal('Bearer abc', 'upstream/7/header/authorization');
 */
export function createSealer(secret: string): Sealer {
  if (secret === '') throw new ForgeError('internal', 'The secret that seals the store must not be empty');
  let derived: Promise<Key> | undefined;
  const key = (): Promise<Key> => (derived ??= deriveKey(secret));
  return {
    async seal(plain, context) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const data = await crypto.subtle.encrypt(algorithm(iv, context), await key(), utf8(plain));
      return `${VERSION}.${toBase64Url(iv)}.${toBase64Url(new Uint8Array(data))}`;
    },
    async unseal(sealed, context) {
      const [version, iv, data] = sealed.split('.');
      try {
        if (version !== VERSION || iv === undefined || data === undefined) throw new Error('not a sealed value');
        const opened = await crypto.subtle.decrypt(
          algorithm(fromBase64Url(iv), context),
          await key(),
          fromBase64Url(data),
        );
        return new TextDecoder().decode(opened);
      } catch (cause) {
        const message = `A sealed value (${context}) cannot be opened; was AUTH_ENCRYPTION_SECRET changed?`;
        throw new ForgeError('internal', message, { cause });
      }
    },
  };
}

async function deriveKey(secret: string): Promise<Key> {
  const material = await crypto.subtle.importKey('raw', utf8(secret), 'HKDF', false, ['deriveKey']);
  const hkdf = { name: 'HKDF', hash: 'SHA-256', salt: utf8('forge'), info: utf8('forge/store-sealer/v1') };
  return crypto.subtle.deriveKey(hkdf, material, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

function algorithm(iv: Uint8Array<ArrayBuffer>, context: string) {
  return { name: 'AES-GCM', iv, additionalData: utf8(context) };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes have one spelling: unused bits would let a changed text pass. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = binary.charCodeAt(at);
  if (toBase64Url(bytes) !== text) throw new Error('not base64url as it is written here');
  return bytes;
}
