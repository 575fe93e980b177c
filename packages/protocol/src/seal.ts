/**
 * @module Seals what Forge gives clients to keep for it. It comes back as an attacker's input, so it is encrypted and
 * authenticated (AES-256-GCM), and opens only for what it was sealed for.
 */

const KEY_BYTES = 32;
const IV_BYTES = 12;
const IV_CHARS = (IV_BYTES * 4) / 3;

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Seals texts of one kind. */
export class Seal {
  readonly #prefix: string;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #key: Promise<Key> | undefined;

  /**
   * @param prefix tells its kind from others; authenticated
   * @param key 32 bytes; without them a key of this object's own, so that no other one opens what it seals
   */
  constructor(prefix: string, key?: Uint8Array) {
    if (key !== undefined && key.length !== KEY_BYTES) throw new RangeError(`The key must have ${KEY_BYTES} bytes`);
    this.#prefix = prefix;
    this.#bytes = key === undefined ? crypto.getRandomValues(new Uint8Array(KEY_BYTES)) : new Uint8Array(key);
  }

  /** The prefix, then base64url; different each time. @param context without it, it does not open again */
  async seal(plain: string, context = ''): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const data = await crypto.subtle.encrypt(this.#algorithm(iv, context), await this.#imported(), utf8(plain));
    return this.#prefix + toBase64Url(iv) + toBase64Url(new Uint8Array(data));
  }

  /** What was sealed; `undefined` for text that was not sealed by this key for this context, to the character. */
  async unseal(text: string, context = ''): Promise<string | undefined> {
    if (!text.startsWith(this.#prefix)) return undefined;
    const ivEnd = this.#prefix.length + IV_CHARS;
    const iv = fromBase64Url(text.slice(this.#prefix.length, ivEnd));
    const data = fromBase64Url(text.slice(ivEnd));
    if (iv === undefined || data === undefined) return undefined;
    try {
      const plain = await crypto.subtle.decrypt(this.#algorithm(iv, context), await this.#imported(), data);
      return new TextDecoder().decode(plain);
    } catch {
      return undefined; // not sealed by this key: who made it decides what it means
    }
  }

  #algorithm(iv: Uint8Array<ArrayBuffer>, context: string) {
    return { name: 'AES-GCM', iv, additionalData: utf8(this.#prefix + context) };
  }

  #imported(): Promise<Key> {
    this.#key ??= crypto.subtle.importKey('raw', this.#bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
    return this.#key;
  }
}

/** SHA-256 of texts; any difference, were it white space, makes another digest. */
export async function digestOf(texts: readonly (string | undefined)[]): Promise<string> {
  const plain = utf8(JSON.stringify(texts.map((text) => text ?? null)));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', plain)));
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function toBase64Url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** `undefined` for anything but the one spelling of some bytes: unused bits would let a changed text pass. */
function fromBase64Url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return toBase64Url(bytes) === text ? bytes : undefined;
  } catch {
    return undefined; // not base64
  }
}
