/** @module Connections to one upstream: a keep-alive pool per credential, and one for streams that stay open. */
import { createHash } from 'node:crypto';
import { guardedConnector } from '@forge/outgoing';
import { ForgeError } from '@forge/protocol';
import { type Dispatcher, Pool } from 'undici';
import { type CredentialSource, type Sent, sendWithCredential } from './credentials.ts';
import { WireReply, type ReplyListener } from './wire-reply.ts';

/** Connections to one origin: an undici `Pool`, an `Agent`, a `ProxyAgent`. */
export interface Connections {
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean;
  close(): Promise<void>;
  destroy(): Promise<void>;
}

/**
 * Makes connections to an origin, by another way than the direct one: a proxy, certificates of its own.
 *
 * @param limits at most so many at one time, `null` for any number; and how long each may take to be made
 */
export type ConnectionsFactory = (
  origin: string,
  limits: { readonly connections: number | null; readonly connectTimeoutMs: number },
) => Connections;

/** Options of {@link createWire}. */
export interface WireOptions {
  readonly url: URL;
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly connectTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly maxConnections: number;
  /** What to send as `Authorization` where a request brings none. */
  readonly credentials?: CredentialSource | undefined;
  /** @default direct ones */
  readonly connections?: ConnectionsFactory | undefined;
  /** See `HttpUpstreamOptions`. */
  readonly refusesAddress?: ((host: string) => boolean) | undefined;
}

/** One request. */
export interface WireRequest {
  readonly method: 'POST' | 'GET' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Replaces the static `Authorization`. */
  readonly authorization?: string | undefined;
  /** It stays open: it must not take a connection away from calls. */
  readonly lasting?: boolean | undefined;
  /** How long the answer may take to begin, and to go on. Calls have deadlines instead. */
  readonly timeoutMs?: number | undefined;
  /** Another path of the same origin. */
  readonly path?: string | undefined;
}

/** The way to one upstream. Redirects are not followed, and nothing is sent twice. */
export interface Wire {
  readonly url: URL;
  send(request: WireRequest, listener: ReplyListener): Sent;
  /** Cuts everything off. */
  close(): Promise<void>;
}

/** Credentials that have connections of their own at one time. */
const MAX_CREDENTIALS = 64;
/** What HTTP lets a header value have. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * Checks the static headers; connects with the first request.
 *
 * @throws ForgeError `invalid_params` naming the header that cannot be sent.
 */
export function createWire(options: WireOptions): Wire {
  const { url, maxResponseBytes } = options;
  const fixed = checkedHeaders(options.headers);
  const hasFixed = Object.keys(fixed).length > 0;
  const path = `${url.pathname}${url.search}`;
  /** By credential, in the order of their last use. */
  const pools = new Map<string, Connections>();
  const streams = newPool(null);

  function newPool(connections: number | null): Connections {
    const { connections: create = directly(options.refusesAddress), connectTimeoutMs } = options;
    return create(url.origin, { connections, connectTimeoutMs });
  }

  function poolFor(authorization: string | undefined): Connections {
    const key = credentialKey(authorization);
    let pool = pools.get(key);
    if (pool !== undefined && key === '') return pool;
    pools.delete(key);
    const [oldest] = [...pools.keys()].filter((other) => other !== '');
    if (pool === undefined && oldest !== undefined && pools.size >= MAX_CREDENTIALS) {
      void pools.get(oldest)?.close(); // lets its calls end
      pools.delete(oldest);
    }
    pool ??= newPool(options.maxConnections);
    pools.set(key, pool);
    return pool;
  }

  function dispatch(request: WireRequest, own: string | undefined, listener: ReplyListener): WireReply {
    const { authorization = own, lasting = false } = request;
    const reply = new WireReply(listener, maxResponseBytes);
    let { headers } = request;
    if (hasFixed) headers = { ...fixed, ...headers };
    if (authorization !== undefined) headers = { ...headers, authorization };
    const pool = lasting ? streams : poolFor(request.authorization);
    const { method, body = null, timeoutMs = 0 } = request;
    const { origin } = url;
    pool.dispatch(
      { origin, path: request.path ?? path, method, headers, body, headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
      reply,
    );
    return reply;
  }

  return {
    url,
    send(request, listener) {
      const { credentials } = options;
      if (credentials === undefined || request.authorization !== undefined) {
        return dispatch(request, undefined, listener);
      }
      return sendWithCredential(credentials, (own, guarded) => dispatch(request, own, guarded), listener);
    },
    async close() {
      await Promise.all([streams, ...pools.values()].map((pool) => pool.destroy()));
    },
  };
}

function directly(refuses: WireOptions['refusesAddress'] = () => false): ConnectionsFactory {
  return (origin, { connections, connectTimeoutMs: timeoutMs }) =>
    new Pool(origin, { connections, connect: guardedConnector({ refuses, timeoutMs }) });
}

/** Tells credentials apart without keeping them; `''` is the static one. */
export function credentialKey(authorization: string | undefined): string {
  return authorization === undefined ? '' : createHash('sha256').update(authorization).digest('base64');
}

/**
 * A client's own `Authorization` for the upstream, as it may stand in a header.
 *
 * @throws ForgeError `invalid_params` when it may not. The value is not in the message.
 */
export function checkedAuthorization(authorization: string | undefined): string | undefined {
  if (authorization === undefined || VALUE.test(authorization)) return authorization;
  throw new ForgeError('invalid_params', 'X-Upstream-Authorization has characters that a header must not have');
}

function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name)) throw new ForgeError('invalid_params', 'A header of the upstream has an invalid name');
    if (!VALUE.test(value)) throw new ForgeError('invalid_params', `The header ${name} has an invalid value`);
    checked[name.toLowerCase()] = value;
  }
  return checked;
}
