/** @module Serves MCP on WebSockets: both eras on one socket, one message per text frame. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  admit,
  type AdmissionOptions,
  type Caller,
  type Endpoint,
  ForgeError,
  type HeaderBag,
  refusalOf,
  upstreamAuthorization,
} from '@forge/protocol';
import { WebSocketServer } from 'ws';
import { Heartbeats } from '../heartbeats.ts';
import { SocketChannel } from '../socket-channel.ts';
import { SUBPROTOCOL } from '../subprotocol.ts';
import { type ServedSocket, serveSocket } from './served-socket.ts';
import { refuseUpgrade } from './upgrades.ts';

/** Options of {@link createWsListener}. `authenticate` and `endpoint` are asked again with every message. */
export interface WsListenerOptions extends AdmissionOptions<IncomingMessage> {
  /**
   * Whether a web page may connect, by `Host` and `Origin`: the only thing that keeps pages of others out, since browsers
   * let every page open a WebSocket to anywhere.
   *
   * @throws ForgeError `origin_not_allowed`
   */
  readonly checkOrigin: (headers: IncomingHttpHeaders) => void;
  /** Sockets at most; past it, 503. @default 10000 */
  readonly maxSockets?: number | undefined;
  /** Bytes of one message at most; past it, the socket is closed with 1009. @default 16777216 */
  readonly maxMessageBytes?: number | undefined;
  /** A client is cut once it leaves more than this unread, its largest message not counted. @default 4194304 */
  readonly maxBufferedBytes?: number | undefined;
  /** Milliseconds between pings; a client that is silent for as long is cut. @default 30000 */
  readonly pingIntervalMs?: number | undefined;
  /** `WWW-Authenticate` of a 401. @default 'Bearer' */
  readonly challenge?: string | undefined;
  /** How long `close` waits for calls in flight, in ms. @default 10000 */
  readonly closeGraceMs?: number | undefined;
}

/** Serves WebSockets on the paths that the application gives it. */
export interface WsListener {
  /** Answers a request to upgrade; for `acceptUpgrades`. @param path without the query, as `endpoint` is to see it */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, path: string): void;
  /** Answers a request to such a path that asks for no upgrade. */
  handle(req: IncomingMessage, res: ServerResponse): void;
  /** Sockets that are open. */
  readonly sockets: number;
  /** Refuses what is new, lets calls in flight finish, and closes every socket with 1001. Idempotent. */
  close(): Promise<void>;
}

/**
 * A listener. Nothing is upgraded before its `Host`, its `Origin` and its credentials have been checked; they come in the
 * `Authorization` header, never in the URL, because URLs end up in logs.
 *
 * @example
 * const listener = createWsListener({ authenticate, endpoint, checkOrigin: createOriginCheck() });
 * acceptUpgrades(server, () => (req, socket, head) => listener.upgrade(req, socket, head, '/ws'));
 */
export function createWsListener(options: WsListenerOptions): WsListener {
  const { maxSockets = 10_000, maxBufferedBytes = 4 * 1024 * 1024, challenge, closeGraceMs = 10_000 } = options;
  const heartbeats = new Heartbeats(options.pingIntervalMs ?? 30_000);
  const sockets = new Set<ServedSocket>();
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxMessageBytes ?? 16 * 1024 * 1024,
    handleProtocols: (offered) => offered.has(SUBPROTOCOL) && SUBPROTOCOL,
  });
  server.on('wsClientError', ({ message }, socket) =>
    refuseUpgrade(socket, new ForgeError('invalid_request', `It is no WebSocket handshake: ${message}`)),
  );
  let closing = false;

  function check(req: IncomingMessage): void {
    options.checkOrigin(req.headers);
    if (closing) throw new ForgeError('overloaded', 'The server is shutting down', { retryAfter: 5 });
    if (sockets.size >= maxSockets) throw new ForgeError('overloaded', 'Too many sockets are open', { retryAfter: 5 });
  }

  function open(
    req: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    path: string,
    caller: Caller,
    endpoint: Endpoint,
  ): void {
    check(req); // again: authenticating may have taken a while
    const own = upstreamAuthorization(req.headers as HeaderBag);
    if (socket.destroyed) return; // the client has left meanwhile
    server.handleUpgrade(req, socket, head, (ws) => {
      const channel = new SocketChannel(ws, socket as Socket, maxBufferedBytes);
      const served = serveSocket(
        channel,
        { request: req, path, caller, endpoint, upstreamAuthorization: own },
        options,
      );
      sockets.add(served);
      heartbeats.add(served);
      ws.once('close', () => {
        sockets.delete(served);
        heartbeats.delete(served);
      });
    });
  }

  return {
    upgrade(req, socket, head, path) {
      const fail = (error: unknown): void => refuseUpgrade(socket, explained(req, error), challenge);
      socket.on('error', () => {}); // the client went away: there is nobody to answer
      try {
        check(req);
      } catch (error) {
        return fail(error);
      }
      admit(options, req, path, (caller, endpoint) => open(req, socket, head, path, caller, endpoint), fail);
    },
    handle(req, res) {
      let why: unknown = new ForgeError('upgrade_required');
      try {
        options.checkOrigin(req.headers);
      } catch (error) {
        why = error;
      }
      const { status, headers, body } = refusalOf(why);
      res.writeHead(status, { ...headers, connection: 'upgrade, close' }).end(body);
    },
    get sockets() {
      return sockets.size;
    },
    async close() {
      closing = true;
      await Promise.all([...sockets].map((socket) => socket.close(closeGraceMs)));
    },
  };
}

/** Clients of other gateways send tokens in the URL; they are told why that does not work here. */
function explained({ url = '' }: IncomingMessage, error: unknown): unknown {
  const isUnknown = error instanceof ForgeError && error.code === 'unauthenticated';
  if (!isUnknown || !/[?&](?:access_)?token=/.test(url)) return error;
  return new ForgeError('unauthenticated', 'Tokens in the URL are not accepted: send it as "Authorization: Bearer"');
}
