/**
 * @module Signatures of cards: JWS (RFC 7515) over the card in canonical form (RFC 8785), without its signatures (A2A 1.0,
 * 8.4). A key counts if it was configured, or if it comes from where the card itself comes from, or from a configured URL:
 * one that a card brings from anywhere proves nothing.
 */
import { canonicalizeAgentCard } from '@a2a-js/sdk';
import { ForgeError, parseJson } from '@forge/protocol';
import { createLocalJWKSet, decodeProtectedHeader, flattenedVerify, type JSONWebKeySet, type JWK } from 'jose';
import type { ConfigOf } from '../config.ts';
import type { ReadCard } from './read-card.ts';

/** Which signatures count. */
export type SignatureRules = Pick<ConfigOf<'a2a'>, 'signature' | 'keys' | 'keyUrls'>;

/** What was found: `unsigned`, or the id of the key. */
export type Verdict = { readonly signed: false } | { readonly signed: true; readonly kid: string };

/** Whoever has the public key must not be able to sign. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
];
/** Signatures of one card that are looked at. */
const MAX_SIGNATURES = 8;

/**
 * One good signature is enough.
 *
 * @throws ForgeError `upstream_error` when a card is signed and no signature is good, or is not signed and has to be; what
 *   `fetch` rejects with
 */
export async function verifyCard(
  { card, raw, url }: ReadCard,
  { signature, keys, keyUrls }: SignatureRules,
  fetcher: typeof fetch,
  signal: AbortSignal,
): Promise<Verdict> {
  const signatures = card.signatures.slice(0, MAX_SIGNATURES);
  if (signature === 'ignored') return { signed: false };
  if (signatures.length === 0) {
    if (signature === 'verified' && keys.length === 0 && keyUrls.length === 0) return { signed: false };
    throw refused('it is not signed');
  }
  const payloads = [canonicalizeAgentCard(card), canonicalJson({ ...raw, signatures: undefined })];
  const reasons: string[] = [];
  for (const one of signatures) {
    try {
      const { kid = '', jku } = decodeProtectedHeader(one);
      const getKey = createLocalJWKSet({ keys: await keysFor(kid, jku) });
      await flattenedVerifyAny(payloads, one, getKey);
      return { signed: true, kid };
    } catch (error) {
      signal.throwIfAborted();
      reasons.push((error as Error).message);
    }
  }
  throw refused(reasons.join('; ').slice(0, 500));

  async function keysFor(kid: string, jku: string | undefined): Promise<JWK[]> {
    const configured = keys.filter((key) => key.kid === undefined || key.kid === kid) as JWK[];
    if (configured.length > 0) return configured;
    if (jku === undefined) throw new Error(`its key "${kid}" is not among config.keys, and it names no key set`);
    const at = new URL(jku);
    if (at.origin !== url.origin && !keyUrls.includes(jku)) {
      throw new Error(`its key set ${at.href} is on another host, and not among config.keyUrls`);
    }
    const response = await fetcher(at, { headers: { accept: 'application/json' }, signal });
    if (response.status !== 200) throw new Error(`its key set ${at.href} answered with HTTP ${response.status}`);
    const { keys: found } = parseJson(await response.text()) as JSONWebKeySet;
    return found.filter(({ kty }) => kty !== 'oct');
  }
}

async function flattenedVerifyAny(
  payloads: readonly string[],
  { protected: head, signature }: { readonly protected: string; readonly signature: string },
  getKey: ReturnType<typeof createLocalJWKSet>,
): Promise<void> {
  const [first = '', ...others] = payloads;
  const jws = { protected: head, signature, payload: Buffer.from(first).toString('base64url') };
  try {
    await flattenedVerify(jws, getKey, { algorithms: ALGORITHMS });
  } catch (error) {
    if (others.length === 0) throw error;
    await flattenedVerifyAny(others, jws, getKey);
  }
}

/** RFC 8785; `undefined` members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
}

function refused(why: string): ForgeError {
  return new ForgeError('upstream_error', `The signature of the agent's card is not accepted: ${why}`);
}
