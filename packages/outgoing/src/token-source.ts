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
  /**
   * A token that is good for a while. An endpoint that has failed is left alone for a second, for longer each further time;
   * until then the failure is that of before.
   *
   * @throws ForgeError `upstream_error` saying why there is none
   */
  token(): Promise<string>;
  /** The token at hand and the one before it, which may be under way still, for keeping them out of texts. */
  readonly recent: readonly string[];
  /**
   * Forgets a token that was refused; `false` where the next one would be, too: it was fetched this moment, or a short time
   * ago and was refused as quickly as those before it.
   */
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
/** A refused token that is newer than this would be refused again. Twice as new each further time, up to a minute. */
const FRESH_MS = 1000;
const MAX_FRESH_MS = 60_000;
/** A token that was good for so long was refused for a reason of its own. */
const CALM_MS = 300_000;
/** How long an endpoint that has failed is left alone; twice as long each further time. */
const PAUSE_MS = 1000;
const MAX_PAUSE_MS = 30_000;
/** What an endpoint has not heard of. */
const UNSENT: ReadonlySet<string> = new Set(['forbidden', 'upstream_unreachable', 'invalid_params']);

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
  let failed: { readonly error: Error; readonly at: number; readonly pause: number } | undefined;
  let fetching: Promise<string> | undefined;
  let freshMs = FRESH_MS;
  let recent: string[] = [];

  async function renew(): Promise<string> {
    const fetchedAt = Date.now();
    const { token, expiresIn } = await fetchToken(outgoing, url, options).catch((error: ForgeError) => {
      const pause = Math.min((failed?.pause ?? PAUSE_MS / 2) * 2, MAX_PAUSE_MS);
      if (!UNSENT.has(ForgeError.from(error.cause).code)) failed = { error, at: Date.now(), pause };
      throw error;
    });
    const lifetime = expiresIn * 1000;
    failed = undefined;
    held = { token, fetchedAt, renewAt: fetchedAt + Math.max(lifetime - MARGIN_MS, lifetime * 0.9) };
    recent = [token, ...recent.slice(0, 1)];
    return token;
  }

  return {
    get recent() {
      return recent;
    },
    token() {
      if (held !== undefined && Date.now() < held.renewAt) return Promise.resolve(held.token);
      if (failed !== undefined && since(failed.at) < failed.pause) return Promise.reject(failed.error);
      fetching ??= renew().finally(() => {
        fetching = undefined;
      });
      return fetching;
    },
    discard(refused) {
      if (held?.token !== refused) return true; // somebody else has found out already
      const age = since(held.fetchedAt);
      if (age < freshMs) return false;
      freshMs = age < CALM_MS ? Math.min(freshMs * 2, MAX_FRESH_MS) : FRESH_MS;
      held = undefined;
      return true;
    },
    close: () => outgoing.close(),
  };
}

/** Milliseconds; a clock that was set back must not make them last. */
function since(time: number): number {
  return Math.abs(Date.now() - time);
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
