/** @module Which addresses an upstream may have when it is registered. */
import { type AddressPolicy, createAddressPolicy } from '../addresses/address-policy.ts';
import { invalid } from './checks.ts';
import { LIMITS } from './limits.ts';

/** How a URL is looked at. */
export interface UrlRules {
  /** @default http and https */
  readonly schemes?: readonly string[];
  /** @default everything but link-local and metadata addresses */
  readonly addresses?: AddressPolicy | undefined;
}

const HTTP = ['http:', 'https:'];
const OPEN = createAddressPolicy();

/**
 * The address in normal form.
 *
 * @throws ForgeError `validation_failed` for other schemes, for credentials in the URL, and for hosts that are refused,
 *   however they are spelt. A name may lead to a refused address all the same: that is looked at with each connection.
 */
export function checkUpstreamUrl(text: string, { schemes = HTTP, addresses = OPEN }: UrlRules = {}): string {
  const trimmed = text.trim();
  if (trimmed.length > LIMITS.urlLength) throw invalid('url', `must have at most ${LIMITS.urlLength} characters`);
  if (!URL.canParse(trimmed)) throw invalid('url', 'is not an absolute URL');
  const url = new URL(trimmed);
  if (!schemes.includes(url.protocol)) {
    throw invalid('url', `must begin with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`);
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('url', 'must not hold a user name or password; send them as auth_type "basic" or as a header');
  }
  const refusal = addresses.refusal(url.hostname);
  if (refusal !== undefined) throw invalid('url', `leads to a host that must not be called: it ${refusal}`);
  url.hash = '';
  return url.href;
}

/** Whether a text that may be an address is one of a WebSocket. */
export function isWebSocketUrl(text: string): boolean {
  return /^wss?:/i.test(text.trim());
}

/** Whether a text that may be an address is one of gRPC. */
export function isGrpcUrl(text: string): boolean {
  return /^grpcs?:/i.test(text.trim());
}
