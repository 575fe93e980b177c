/** @module The HTTP server: which path leads where, and who may come in. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '@forge/cli';
import { createHttpEdge, createStatelessEdge, type Endpoint, type HttpEdge } from '@forge/protocol';
import { createCors, createMcpListener, createOriginCheck, createSseListener } from '@forge/transport-http/server';
import { createAuthenticate } from './api-keys.ts';

/** How MCP is served over HTTP. */
export interface HttpOptions {
  /** @default '127.0.0.1' */
  readonly host?: string | undefined;
  /** 0 takes a free one. @default 8000 */
  readonly port?: number | undefined;
  /** Accepts an address that other machines reach: whoever reaches it may use the server. @default false */
  readonly insecure?: boolean | undefined;
  /** Who has none of these is refused. They come as `Authorization: Bearer` or `X-API-Key`. @default [] */
  readonly apiKeys?: readonly string[] | undefined;
  /** PEM: serves https. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** Serve HTTP+SSE. @default true */
  readonly sse?: boolean | undefined;
  /** Serve Streamable HTTP of both eras on /mcp. @default true */
  readonly streamableHttp?: boolean | undefined;
  /** Serve WebSocket, both eras on each socket. @default false */
  readonly webSocket?: boolean | undefined;
  /** @default '/sse' */
  readonly ssePath?: string | undefined;
  /** @default '/message' */
  readonly messagePath?: string | undefined;
  /** @default '/ws' */
  readonly wsPath?: string | undefined;
  /** Paths that answer `ok`, to anyone. @default ['/healthz'] */
  readonly healthPaths?: readonly string[] | undefined;
  /** Web pages that may call, besides those of this machine; `*` for all. @default [] */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Milliseconds between keep-alive comments on streams, and pings on WebSockets. @default 30000 */
  readonly keepAliveMs?: number | undefined;
  /** Legacy clients get no session: every request stands for itself. @default false */
  readonly stateless?: boolean | undefined;
  /** Answers to POST are never streams. @default false */
  readonly jsonResponse?: boolean | undefined;
  /** Sessions, and streams of HTTP+SSE, and WebSockets, at most. @default 1000 */
  readonly maxSessions?: number | undefined;
  /** After which time without use a session ends, in ms. @default 1800000 */
  readonly sessionTimeoutMs?: number | undefined;
  /** How long calls in flight have to finish when it closes, in ms. @default 1000 */
  readonly closeGraceMs?: number | undefined;
}

/** What the server needs to know of one that it serves. */
export interface Routed {
  /** Where its paths begin: '' or `/name`. */
  readonly prefix: string;
  endpoint(request: IncomingMessage): Endpoint;
}

/** A server that can listen. */
export interface HttpServer {
  /** Resolves with the base of all URLs. Errors of `listen` (`EADDRINUSE`) as they are. */
  listen(): Promise<string>;
  /** Lets calls in flight finish, and ends the rest. */
  close(): Promise<void>;
}

/** Dead peers are found by the system, even where nothing is sent. */
const TCP_KEEP_ALIVE_MS = 30_000;

/** @param ownsAuthorization `Authorization` is for the servers, so that a key is to come as `X-API-Key` */
export async function createHttpServer(
  options: HttpOptions,
  servers: readonly Routed[],
  ownsAuthorization: boolean,
): Promise<HttpServer> {
  const { host = '127.0.0.1', port = 8000, sse = true, streamableHttp = true, tls } = options;
  const { ssePath = '/sse', messagePath = '/message', wsPath = '/ws', healthPaths = ['/healthz'] } = options;
  const { maxSessions = 1000, sessionTimeoutMs = 1_800_000 } = options;
  const endpoints = new Map<string, Routed>();
  const shared = {
    authenticate: createAuthenticate({ keys: options.apiKeys ?? [], inAuthorization: !ownsAuthorization }),
    endpoint: (path: string, request: IncomingMessage) => endpoints.get(path)?.endpoint(request),
    loopback: isLoopback(host),
    allowedOrigins: options.allowedOrigins,
    keepAliveMs: options.keepAliveMs,
    closeGraceMs: options.closeGraceMs ?? 1000,
  };
  const edgeOptions = { sessions: { max: maxSessions, idleMs: sessionTimeoutMs } };
  const edge = options.stateless === true ? createStatelessEdge() : createHttpEdge(edgeOptions);
  const mcp = createMcpListener({ ...shared, edge: options.jsonResponse === true ? jsonOnly(edge) : edge });
  const events = createSseListener({
    ...shared,
    maxStreams: maxSessions,
    messagePath: (path) => path.slice(0, -ssePath.length) + messagePath,
  });
  const sockets = options.webSocket === true ? await import('@forge/transport-ws') : undefined;
  const ws = sockets?.createWsListener({
    ...shared,
    checkOrigin: createOriginCheck(shared),
    pingIntervalMs: options.keepAliveMs,
    maxSockets: maxSessions,
  });
  const cors = createCors(shared);

  type Handler = typeof mcp.handle;
  const routes = new Map<string, Handler>();
  for (const path of healthPaths) routes.set(path, (_req, res) => void res.writeHead(200, PLAIN).end('ok'));
  for (const server of servers) {
    const add = (path: string, handler: Handler): void => {
      endpoints.set(server.prefix + path, server);
      routes.set(server.prefix + path, handler);
    };
    if (streamableHttp) add('/mcp', mcp.handle);
    if (sse) add(ssePath, events.stream);
    if (sse) add(messagePath, events.message);
    if (ws !== undefined) add(wsPath, ws.handle);
  }
  const nowhere = `Not found. There is: ${[...routes.keys()].join(' ')}\n`;

  const server = await createNodeServer(tls, (req, res) => {
    if (cors(req, res)) return;
    const path = pathOf(req);
    const handler = routes.get(path);
    if (handler === undefined) res.writeHead(404, PLAIN).end(nowhere);
    else handler(req, res, path);
  });

  sockets?.acceptUpgrades(server, (req) => {
    const path = pathOf(req);
    if (ws === undefined || routes.get(path) !== ws.handle) return undefined;
    return (...upgrade) => ws.upgrade(...upgrade, path);
  });

  return {
    async listen() {
      server.listen(port, host);
      await once(server, 'listening');
      const { address, port: actual, family } = server.address() as AddressInfo;
      const everywhere = address === '0.0.0.0' || address === '::';
      const name = everywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
      return `${tls === undefined ? 'http' : 'https'}://${name}:${actual}`;
    },
    async close() {
      server.close();
      await Promise.all([mcp.close(), events.close(), ws?.close()]);
      server.closeAllConnections();
    },
  };
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

const PLAIN = { 'content-type': 'text/plain' };

async function createNodeServer(tls: HttpOptions['tls'], listener: RequestListener): Promise<Server> {
  const options = { keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS };
  if (tls === undefined) return createServer(options, listener);
  const https = await import('node:https');
  return https.createServer({ ...options, ...tls }, listener);
}

/** Answers to POST as to a client that takes nothing but JSON. */
function jsonOnly(edge: HttpEdge): HttpEdge {
  return {
    post(endpoint, request, reply) {
      edge.post(endpoint, { ...request, headers: { ...request.headers, accept: 'application/json' } }, reply);
    },
    get: edge.get,
    delete: edge.delete,
    get sessions() {
      return edge.sessions;
    },
    get subscriptions() {
      return edge.subscriptions;
    },
    get parked() {
      return edge.parked;
    },
    close: edge.close,
  };
}
