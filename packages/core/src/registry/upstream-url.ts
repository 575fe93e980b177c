/** @module Which addresses an upstream may have: the one place where a policy against request forgery attaches. */
import { invalid } from './checks.ts';
import { LIMITS } from './limits.ts';

/** Where cloud providers serve credentials to whoever asks from inside, besides the link-local addresses. */
const METADATA_HOSTS = new Set([
  'metadata.google.internal',
  'metadata',
  'instance-data',
  '[fd00:ec2::254]',
  '100.100.100.200', // Alibaba
  '168.63.129.16', // Azure
  '192.0.0.192', // Oracle
]);

/**
 * The address in normal form. Loopback and private networks are allowed: that is where most upstreams are.
 *
 * @throws ForgeError `validation_failed` for other schemes, for credentials in the URL, and for link-local
 *   addresses (169.254.0.0/16, fe80::/10), however they are spelt.
 */
export function checkUpstreamUrl(text: string, schemes: readonly string[] = ['http:', 'https:']): string {
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
  if (isLinkLocal(url.hostname)) throw invalid('url', 'link-local and metadata addresses are not allowed');
  url.hash = '';
  return url.href;
}

/** Whether a text that may be an address is one of a WebSocket. */
export function isWebSocketUrl(text: string): boolean {
  return /^wss?:/i.test(text.trim());
}

/** Whether a name leads to an address that {@link checkUpstreamUrl} would refuse. It can, at any time after that check. */
export function isRefusedAddress(address: string): boolean {
  const [bare = ''] = address.split('%', 1); // without the zone of a link-local one
  return isLinkLocal(bare.includes(':') ? new URL(`http://[${bare}]/`).hostname : bare);
}

/** `URL` has brought every spelling of an IPv4 address (decimal, hexadecimal, short) to four decimal numbers. */
function isLinkLocal(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (host.startsWith('169.254.') || METADATA_HOSTS.has(host)) return true;
  const embedded = embeddedIpv4(host);
  return /^\[fe[89ab][0-9a-f]:/.test(host) || (embedded !== undefined && isLinkLocal(embedded));
}

/** The last 32 bits of an IPv6 address: an IPv4 one, where it is mapped, compatible or for NAT64. */
function embeddedIpv4(host: string): string | undefined {
  const [, high, low] = /:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(host) ?? [];
  if (high === undefined || low === undefined) return undefined;
  return [high, low].flatMap((part) => [Number.parseInt(part, 16) >> 8, Number.parseInt(part, 16) & 255]).join('.');
}
