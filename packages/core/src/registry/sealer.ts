/** @module Seals secrets for the store: AES-256-GCM under a key derived from `AUTH_ENCRYPTION_SECRET`. */
import { ForgeError } from '@forge/protocol';

/** Seals and opens secrets. */
export interface Sealer {
  /** `v1.<iv>.<data>` in base64url. It opens only for the same `context`, so it cannot be moved to another row or field. */
  seal(plain: string, context: string): Promise<string>;
  /** @throws ForgeError `internal` when it was sealed with another secret or for another context, or was changed. */
  unseal(sealed: string, context: string): Promise<string>;
  /** 32 bytes for `purpose` alone, the same wherever the secret is: for what seals by itself, often or much. */
  derive(purpose: string): Promise<Uint8Array>;
}

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const VERSION = 'v1';
const IV_BYTES = 12;
const OWN_PURPOSE = 'store-sealer';

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
    async derive(purpose) {
      if (purpose === OWN_PURPOSE) throw new ForgeError('internal', 'This purpose is the own one of the sealer');
      const bits = await crypto.subtle.deriveBits(hkdf(`forge/${purpose}/v1`), await materialOf(secret), 256);
      return new Uint8Array(bits);
    },
  };
}

async function deriveKey(secret: string): Promise<Key> {
  const aes = { name: 'AES-GCM', length: 256 };
  const material = await materialOf(secret);
  return crypto.subtle.deriveKey(hkdf(`forge/${OWN_PURPOSE}/v1`), material, aes, false, ['encrypt', 'decrypt']);
}

function materialOf(secret: string): Promise<Key> {
  return crypto.subtle.importKey('raw', utf8(secret), 'HKDF', false, ['deriveKey', 'deriveBits']);
}

function hkdf(info: string) {
  return { name: 'HKDF', hash: 'SHA-256', salt: utf8('forge'), info: utf8(info) };
}

function algorithm(iv: Uint8Array<ArrayBuffer>, context: string) {
  return { name: 'AES-GCM', iv, additionalData: utf8(context) };
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Bytes have one spelling: unused bits would let a changed text pass. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
  if (toBase64Url(bytes) !== text) throw new Error('not base64url as it is written here');
  return bytes;
}
