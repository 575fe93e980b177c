/** @module Tokens by OAuth 2 client credentials (RFC 6749, 4.4): kept until shortly before they expire, fetched once for many. */
import { ForgeError, parseJson } from '@forge/protocol';
import { createOutgoing, type Outgoing, type OutgoingAnswer } from './outgoing.ts';

/** How a client gets its tokens; its secret stands apart. */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
  /** RFC 8707. */
  readonly resource?: string | undefined;
  /** How the client proves itself at the token endpoint. @default 'basic' */
  readonly clientAuth?: 'basic' | 'post' | undefined;
}

/** Where tokens come from. */
export interface TokenSource {
  /** A token that is good for a while. @throws ForgeError `upstream_error` saying why there is none */
  token(): Promise<string>;
  /** The token at hand, for keeping it out of texts. */
  readonly current: string | undefined;
  /** Forgets a token that was refused; `false` where the next one would be the same: it was fetched this moment. */
  discard(refused: string): boolean;
  close(): Promise<void>;
}

/** What a source needs. */
export interface TokenOptions {
  readonly credential: ClientCredentials;
  readonly clientSecret: string;
  /** Whether a host must not be called. */
  refuses(host: string): boolean;
  /** How long the token endpoint has, in ms. @default 10000 */
  readonly timeoutMs?: number | undefined;
}

/** A token is renewed so long before it expires; a short-lived one at nine tenths of its time. */
const MARGIN_MS = 60_000;
/** Without `expires_in`. */
const LIFETIME_S = 300;
const TIMEOUT_MS = 10_000;
const MAX_BYTES = 65_536;
/** Servers refuse headers that are much longer. */
const MAX_TOKEN = 16_384;
/** A refused token that is newer than this would be refused again. */
const FRESH_MS = 1000;

/**
 * A source of tokens; nothing is fetched before the first one is needed. Redirects are not followed: they would take the
 * secret to where nobody meant it to go.
 *
 * @example
 * const source = createTokenSource({ credential: { tokenUrl, clientId }, clientSecret, refuses: () => false });
 * const headers = { authorization: `Bearer ${await source.token()}` };
 */
export function createTokenSource(options: TokenOptions): TokenSource {
  const url = new URL(options.credential.tokenUrl);
  const outgoing = createOutgoing({ origin: url.origin, refuses: options.refuses, connections: 1 });
  let held: { readonly token: string; readonly fetchedAt: number; readonly renewAt: number } | undefined;
  let fetching: Promise<string> | undefined;

  async function renew(): Promise<string> {
    const fetchedAt = Date.now();
    const { token, expiresIn } = await fetchToken(outgoing, url, options);
    const lifetime = expiresIn * 1000;
    held = { token, fetchedAt, renewAt: fetchedAt + Math.max(lifetime - MARGIN_MS, lifetime * 0.9) };
    return token;
  }

  return {
    get current() {
      return held?.token;
    },
    token() {
      if (held !== undefined && Date.now() < held.renewAt) return Promise.resolve(held.token);
      fetching ??= renew().finally(() => {
        fetching = undefined;
      });
      return fetching;
    },
    discard(refused) {
      if (held?.token !== refused) return true; // somebody else has found out already
      if (Date.now() - held.fetchedAt < FRESH_MS) return false;
      held = undefined;
      return true;
    },
    close: () => outgoing.close(),
  };
}

async function fetchToken(
  outgoing: Outgoing,
  url: URL,
  { credential, clientSecret, timeoutMs = TIMEOUT_MS }: TokenOptions,
): Promise<{ token: string; expiresIn: number }> {
  const { clientId, scope, audience, resource, clientAuth = 'basic' } = credential;
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  for (const [name, value] of Object.entries({ scope, audience, resource }))
    if (value !== undefined) form.set(name, value);
  const headers: Record<string, string> = {
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  };
  if (clientAuth === 'basic') headers['authorization'] = basic(clientId, clientSecret);
  else {
    form.set('client_id', clientId);
    form.set('client_secret', clientSecret);
  }
  const call = outgoing.send({
    method: 'POST',
    url,
    headers,
    body: form.toString(),
    maxBytes: MAX_BYTES,
    maxRedirects: 0,
  });
  const late = new ForgeError('upstream_timeout', `it did not answer within ${timeoutMs} ms`);
  const timer = setTimeout(() => call.cancel(late), timeoutMs);
  try {
    return readToken(await call.answer);
  } catch (error) {
    throw new ForgeError('upstream_error', `No token from ${url.origin}: ${reasonOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = ForgeError.from(error);
  return code === 'outcome_unknown' ? 'it ended the connection' : message;
}

/** Of an error only its code is told: descriptions may quote what was sent (RFC 6749, 5.2). */
function readToken({ status, body, isTooLong }: OutgoingAnswer): { token: string; expiresIn: number } {
  if (isTooLong) throw new ForgeError('upstream_error', `its answer has more than ${MAX_BYTES} bytes`);
  const answer = jsonOf(new TextDecoder().decode(body)) as TokenAnswer | null | undefined;
  const token = answer?.access_token;
  if (status === 200 && typeof token === 'string' && token.length <= MAX_TOKEN && /^[\x21-\x7e]+$/.test(token)) {
    const expiresIn = Number(answer?.expires_in);
    return { token, expiresIn: expiresIn > 0 ? Math.min(expiresIn, 86_400) : LIFETIME_S };
  }
  const error = typeof answer?.error === 'string' ? ` (${answer.error.replaceAll(/[^\w.-]/g, '').slice(0, 60)})` : '';
  throw new ForgeError('upstream_error', status === 200 ? 'its answer has no access_token' : `HTTP ${status}${error}`);
}

/** RFC 6749, 5.1 and 5.2. */
interface TokenAnswer {
  readonly access_token?: unknown;
  readonly expires_in?: unknown;
  readonly error?: unknown;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined; // an error page; its status says enough
  }
}

/** RFC 6749, 2.3.1: both are form-encoded first. */
function basic(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}
