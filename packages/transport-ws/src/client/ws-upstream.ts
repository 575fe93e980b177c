/** @module An MCP server behind a WebSocket, as an upstream. */
import type { LookupFunction } from 'node:net';
import {
  type Channel,
  type ChannelUpstreamOptions,
  createChannelUpstream,
  createCredentialedUpstream,
  ForgeError,
  type Upstream,
} from '@forge/protocol';
import { Heartbeats } from '../heartbeats.ts';
import { NoSubprotocol, openWsChannel } from './open-channel.ts';

/** Where the server is, and how to speak with it. */
export interface WsUpstreamOptions extends Omit<ChannelUpstreamOptions, 'open' | 'transport' | 'disposableProbe'> {
  /** `ws:` or `wss:`. */
  readonly url: string | URL;
  /** Sent with every handshake: credentials and others. `authorization` gives way to what a client sends for itself. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How names are looked up: the place to refuse addresses. @default Node's own way */
  readonly lookup?: LookupFunction | undefined;
  /** PEM certificates to trust instead of those that Node trusts. */
  readonly ca?: readonly string[] | undefined;
  /** How long a handshake may take, in ms. @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Bytes of one message, and of what the server leaves unread, at most. @default 67108864 */
  readonly maxMessageBytes?: number | undefined;
  /** Milliseconds between pings; a server that is silent for as long is given up. @default 30000 */
  readonly pingIntervalMs?: number | undefined;
}

/**
 * A server on WebSocket, of either era: `server/discover` finds out which. Connected by the first `connect` or `call`, and
 * again by the next one after it was lost. A client's own credential gets sockets that nobody else uses.
 *
 * @throws ForgeError `invalid_params` when the URL cannot be one.
 *
 * @example
 * const upstream = wsUpstream({ url: 'wss://example.com/ws', headers: { authorization }, events, clientInfo });
 * const { era } = await upstream.connect();
 */
export function wsUpstream(options: WsUpstreamOptions): Upstream {
  const { headers, lookup, ca, maxSessions = 256, sessionIdleMs = 300_000 } = options;
  const heartbeats = new Heartbeats(options.pingIntervalMs ?? 30_000);
  const target = {
    url: parseUrl(options.url),
    lookup,
    ca,
    handshakeTimeoutMs: options.connectTimeoutMs ?? 10_000,
    maxMessageBytes: options.maxMessageBytes ?? 64 * 1024 * 1024,
  };
  let offer = true;

  async function open(authorization: string | undefined): Promise<Channel> {
    const sent = authorization === undefined ? headers : { ...headers, authorization };
    try {
      const channel = await openWsChannel({ ...target, headers: sent ?? {}, offer });
      heartbeats.add(channel);
      void channel.closed.then(() => heartbeats.delete(channel));
      return channel;
    } catch (error) {
      if (!(error instanceof NoSubprotocol) || !offer) throw error;
      offer = false; // it speaks MCP without saying so
      return open(authorization);
    }
  }

  return createCredentialedUpstream({
    create: (authorization, events) =>
      createChannelUpstream({
        ...options,
        events,
        maxSessions,
        sessionIdleMs,
        transport: 'websocket',
        open: () => open(authorization),
      }),
    events: options.events,
    maxCredentials: maxSessions,
    idleMs: sessionIdleMs,
  });
}

function parseUrl(url: string | URL): URL {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  const isWs = parsed?.protocol === 'ws:' || parsed?.protocol === 'wss:';
  if (parsed === undefined || !isWs || parsed.username !== '' || parsed.password !== '') {
    throw new ForgeError('invalid_params', 'The URL of an upstream must be one of ws or wss, without credentials');
  }
  parsed.hash = '';
  return parsed;
}
