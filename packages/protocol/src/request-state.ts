/**
 * @module Seals the `requestState` that Forge itself hands out (2026-07-28, Multi Round-Trip Requests, Server Requirements):
 * it comes back as an attacker's input, so it is encrypted and authenticated, and says for whom and for what it is good.
 */

/** What a state stands for. All of it is checked when it comes back. */
export interface RequestState {
  /** The call that waits. */
  readonly call: string;
  /** Where it waits. */
  readonly node: string;
  /** The caller it belongs to. */
  readonly caller: string;
  /** The endpoint that it was made at. */
  readonly endpoint: string;
  /** Of what is called; see {@link digestOf}. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** How every state of ours begins. A state without it is an upstream's, and none of our business. */
export const STATE_PREFIX = 'forge-call.';

/** The one answer to every state that is not good: which of its checks failed is nobody's business. */
export const INVALID_STATE = 'invalid or expired requestState: start the call again';

const KEY_BYTES = 32;
const IV_BYTES = 12;

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** Seals and opens states by AES-256-GCM; the prefix is authenticated with them. */
export class RequestStates {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #key: Promise<Key> | undefined;

  /** @param key 32 bytes; without them a key of this object's own, so that no other one opens its states */
  constructor(key?: Uint8Array) {
    if (key !== undefined && key.length !== KEY_BYTES) throw new RangeError(`The key must have ${KEY_BYTES} bytes`);
    this.#bytes = key === undefined ? crypto.getRandomValues(new Uint8Array(KEY_BYTES)) : new Uint8Array(key);
  }

  /** The state as text: the prefix, then base64url. */
  async seal({ call, node, caller, endpoint, digest, expires }: RequestState): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
    const plain = utf8(JSON.stringify([call, node, caller, endpoint, digest, expires]));
    const data = new Uint8Array(await crypto.subtle.encrypt(algorithm(iv), await this.#imported(), plain));
    return STATE_PREFIX + toBase64Url(iv) + toBase64Url(data);
  }

  /** What was sealed; `undefined` for text that this object, or one with its key, did not make, to the character. */
  async unseal(text: string): Promise<RequestState | undefined> {
    if (!text.startsWith(STATE_PREFIX)) return undefined;
    const ivEnd = STATE_PREFIX.length + (IV_BYTES * 4) / 3;
    const iv = fromBase64Url(text.slice(STATE_PREFIX.length, ivEnd));
    const data = fromBase64Url(text.slice(ivEnd));
    if (iv === undefined || data === undefined) return undefined;
    try {
      const plain = await crypto.subtle.decrypt(algorithm(iv), await this.#imported(), data);
      const [call, node, caller, endpoint, digest, expires] = JSON.parse(new TextDecoder().decode(plain)) as [
        string,
        string,
        string,
        string,
        string,
        number,
      ];
      return { call, node, caller, endpoint, digest, expires };
    } catch {
      return undefined; // not sealed by this key: who made it decides what it means
    }
  }

  #imported(): Promise<Key> {
    this.#key ??= crypto.subtle.importKey('raw', this.#bytes, 'AES-GCM', false, ['encrypt', 'decrypt']);
    return this.#key;
  }
}

/** SHA-256 of texts that decide what is called; any difference, were it white space, makes another digest. */
export async function digestOf(texts: readonly (string | undefined)[]): Promise<string> {
  const plain = utf8(JSON.stringify(texts.map((text) => text ?? null)));
  return toBase64Url(new Uint8Array(await crypto.subtle.digest('SHA-256', plain)));
}

function algorithm(iv: Uint8Array<ArrayBuffer>) {
  return { name: 'AES-GCM', iv, additionalData: utf8(STATE_PREFIX) };
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
