/** @module Credentials on their way into requests, and out of texts that others read. */
import type { UpstreamRecord } from '@forge/core';
import type { TokenSource } from '@forge/outgoing';
import type { RestConfig, RestOperation } from '../config/operation.ts';
import type { PreparedRequest } from '../request/prepare.ts';
import { escapeAll } from '../request/styles.ts';

/** What is added to a request. */
interface Added {
  readonly headers: Record<string, string>;
  readonly cookies: string[];
  readonly query: string[];
  readonly tokens: TokenSource[];
}

/** A request as it is sent. */
export interface SentRequest {
  readonly url: URL;
  readonly headers: Record<string, string>;
}

/** The credentials of one operation. */
export interface Credentials {
  /** Puts them into a request; gets a token first where one is needed. @throws ForgeError where there is none */
  apply(request: PreparedRequest, ownAuthorization: string | undefined): SentRequest | Promise<SentRequest>;
  /** The upstream refused what was sent: whether there is something better now. */
  renew(refused: SentRequest): boolean;
}

/** Reads the credentials of an operation. `sources` has the tokens by the name of their credential. */
export function createCredentials(
  { credentials: names }: RestOperation,
  { credentials = {} }: RestConfig,
  { headers, secrets = {} }: UpstreamRecord,
  sources: ReadonlyMap<string, TokenSource>,
): Credentials {
  const added: Added = { headers: {}, cookies: [], query: [], tokens: [] };
  for (const { name, value } of headers) added.headers[name.toLowerCase()] = value;
  for (const name of names ?? Object.keys(credentials)) {
    const credential = credentials[name];
    const source = sources.get(name);
    if (source !== undefined) added.tokens.push(source);
    else if (credential !== undefined) add(added, credential, secrets);
  }
  const addTo = (request: PreparedRequest, authorization: string | undefined): SentRequest => {
    const url = added.query.length === 0 ? request.url : new URL(request.url);
    if (added.query.length > 0)
      url.search = [url.search.slice(1), ...added.query].filter((part) => part !== '').join('&');
    const sent: Record<string, string> = { ...request.headers, ...added.headers };
    if (authorization !== undefined) sent['authorization'] = authorization;
    const cookies = [...request.cookies.map(([name, value]) => `${name}=${value}`), ...added.cookies];
    if (cookies.length > 0) sent['cookie'] = cookies.join('; ');
    if (request.content !== undefined) sent['content-type'] = request.content.type;
    return { url, headers: sent };
  };
  const [source] = added.tokens;
  return {
    apply(request, ownAuthorization) {
      if (source === undefined || ownAuthorization !== undefined) return addTo(request, ownAuthorization);
      return source.token().then((token) => addTo(request, `Bearer ${token}`));
    },
    renew: ({ headers }) => source?.discard(headers['authorization']?.replace('Bearer ', '') ?? '') ?? false,
  };
}

function add(
  { headers, cookies, query }: Added,
  credential: NonNullable<RestConfig['credentials']>[string],
  secrets: Readonly<Record<string, string>>,
): void {
  const secret = (name: string): string => secrets[name] ?? '';
  switch (credential.type) {
    case 'basic':
      headers['authorization'] =
        `Basic ${Buffer.from(`${credential.username}:${secret(credential.password)}`).toString('base64')}`;
      break;
    case 'bearer':
      headers['authorization'] = `Bearer ${secret(credential.token)}`;
      break;
    case 'apiKey': {
      const value = secret(credential.value);
      if (credential.in === 'header') headers[credential.name.toLowerCase()] = value;
      else if (credential.in === 'cookie') cookies.push(`${credential.name}=${value}`);
      else query.push(`${escapeAll(credential.name)}=${escapeAll(value)}`);
      break;
    }
    case 'oauth2':
      break; // has a source of tokens
  }
}

/** Shorter texts are no secrets, and stand everywhere. */
const SHORTEST_SECRET = 4;

/** Takes what is secret out of texts that an upstream may have echoed. */
export function createRedaction(record: UpstreamRecord, sources: Iterable<TokenSource>): (text: string) => string {
  const fixed = [...record.headers.map(({ value }) => value), ...Object.values(record.secrets ?? {})];
  const words = fixed.flatMap((value) => [value, value.replace(/^\w+ /, ''), escapeAll(value)]);
  const live = [...sources];
  return (text) => {
    let redacted = text;
    for (const word of [...words, ...live.flatMap((source) => source.recent)]) {
      if (word.length >= SHORTEST_SECRET) redacted = redacted.replaceAll(word, '[secret]');
    }
    return redacted;
  };
}
