/** @module Where a redirect leads, and what of a request may go there. */
import { ForgeError } from '@forge/protocol';

/** One request. Header names in lower case. */
export interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
}

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** What another origin may know; everything else could be a credential. */
const HARMLESS: ReadonlySet<string> = new Set(['accept', 'accept-encoding', 'accept-language', 'user-agent']);
/** What goes with the body. */
const OF_BODY: ReadonlySet<string> = new Set(['content-type', 'content-length', 'content-encoding']);

/** Whether an answer leads elsewhere. */
export function isRedirect(status: number, location: string | undefined): location is string {
  return location !== undefined && REDIRECTS.includes(status);
}

/**
 * The request that an answer asks for (RFC 9110, 15.4). Another origin gets no header that could be a credential, and no
 * body.
 *
 * @throws ForgeError `upstream_error` for what must not be followed
 */
export function redirected(hop: Hop, status: number, location: string): Hop {
  if (!URL.canParse(location, hop.url.href)) throw refused('its address is not a URL');
  const url = new URL(location, hop.url);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('it leads to something that is not HTTP');
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') throw refused('it leads from https to http');
  if (url.username !== '' || url.password !== '') throw refused('its address holds credentials');
  url.hash = '';
  const isRead = hop.method === 'GET' || hop.method === 'HEAD';
  const becomesGet = !isRead && (status === 303 || (status < 303 && hop.method === 'POST'));
  const leaves = url.origin !== hop.url.origin;
  if (leaves && !isRead && !becomesGet) throw refused(`it leads a ${hop.method} to another origin, ${url.origin}`);
  const keeps = (name: string): boolean => (!leaves || HARMLESS.has(name)) && !(becomesGet && OF_BODY.has(name));
  return {
    method: becomesGet ? 'GET' : hop.method,
    url,
    headers: Object.fromEntries(Object.entries(hop.headers).filter(([name]) => keeps(name))),
    body: becomesGet || leaves ? undefined : hop.body,
  };
}

function refused(why: string): ForgeError {
  return new ForgeError('upstream_error', `The upstream redirects, and that is not followed: ${why}`);
}
