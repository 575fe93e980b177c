/** @module Which addresses an upstream may have: the one place where a policy against request forgery attaches. */
import { invalid } from './checks.ts';
import { LIMITS } from './limits.ts';

/** Names under which cloud providers serve credentials to whoever asks from inside. */
const METADATA_HOSTS = new Set(['metadata.google.internal', 'metadata', 'instance-data', '[fd00:ec2::254]']);

/**
 * The address in normal form. Loopback and private networks are allowed: that is where most upstreams are.
 *
 * @throws ForgeError `validation_failed` for anything but http and https, for credentials in the URL, and for link-local
 *   addresses (169.254.0.0/16, fe80::/10), however they are spelt.
 */
export function checkUpstreamUrl(text: string): string {
  const trimmed = text.trim();
  if (trimmed.length > LIMITS.urlLength) throw invalid('url', `must have at most ${LIMITS.urlLength} characters`);
  if (!URL.canParse(trimmed)) throw invalid('url', 'is not an absolute URL');
  const url = new URL(trimmed);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid('url', 'must begin with http:// or https://');
  if (url.username !== '' || url.password !== '') {
    throw invalid('url', 'must not hold a user name or password; send them as auth_type "basic" or as a header');
  }
  if (isLinkLocal(url.hostname)) throw invalid('url', 'link-local and metadata addresses are not allowed');
  url.hash = '';
  return url.href;
}

/** `URL` has brought every spelling of an IPv4 address (decimal, hexadecimal, short) to four decimal numbers. */
function isLinkLocal(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '');
  if (host.startsWith('169.254.') || METADATA_HOSTS.has(host)) return true;
  // fe80::/10, and 169.254.0.0/16 as the last 32 bits of an IPv6 address (mapped, compatible, NAT64).
  return /^\[fe[89ab][0-9a-f]:/.test(host) || /:a9fe:[0-9a-f]{1,4}\]$/.test(host);
}
