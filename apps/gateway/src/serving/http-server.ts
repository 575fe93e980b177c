/** @module The HTTP server: MCP paths go straight to the listeners, every other path to the REST API. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { errorBody } from '@forge/api';
import { isLoopback } from '@forge/cli';
import type { Principal } from '@forge/core';
import { type Caller, type Endpoint, ForgeError, type HttpEdge, refusalOf } from '@forge/protocol';
import { createCors, createMcpListener, createOriginCheck, createSseListener } from '@forge/transport-http';
import { acceptUpgrades, createWsListener } from '@forge/transport-ws';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { McpTransport } from '../config/fields.ts';
import { ConfigError } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { type McpPath, parseMcpPath } from './mcp-path.ts';
import type { rememberCaller } from './remember-caller.ts';
import { answerUnreadable } from './unreadable.ts';

/** What the server serves. */
export interface HttpParts {
  readonly authenticate: ReturnType<typeof rememberCaller>;
  /** What a principal finds at a virtual server, or at the aggregate of everything. @throws ForgeError */
  readonly endpoint: (serverId: string | undefined, principal: Principal) => Endpoint | undefined;
  /** Closed with the server. */
  readonly edge: HttpEdge;
  readonly api: Hono;
  /** Ends calls of the API that outlast the grace of a shutdown. @default they are cut off */
  readonly giveUp?: (() => void) | undefined;
}

/** A server that does not listen yet. */
export interface HttpServer {
  /** @returns its URL, with the port that it got. @throws ConfigError when it cannot have the address */
  listen(): Promise<string>;
  /** No new connections; what is under way has `SHUTDOWN_TIMEOUT`. */
  close(): Promise<void>;
}

/** Slower clients than these are cut off; answers may take as long as they take. */
const LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  // Longer than the idle timeout of common load balancers, which must be the first to close.
  keepAliveTimeout: 75_000,
  maxHeaderSize: 32 * 1024,
};

const SWEEP_MS = 20;
/** What the listeners may need after the grace, to end their streams properly. */
const FLUSH_MS = 1000;

/** Value of `WWW-Authenticate`. */
export function challengeOf({ API_ALLOW_BASIC_AUTH }: Settings): string {
  return API_ALLOW_BASIC_AUTH ? 'Bearer realm="forge", Basic realm="forge"' : 'Bearer realm="forge"';
}

/** Makes the server. */
export function createHttpServer(
  settings: Settings,
  { authenticate, endpoint, edge, api, giveUp }: HttpParts,
): HttpServer {
  const rules = {
    loopback: isLoopback(settings.HOST),
    allowedHosts: settings.ALLOWED_HOSTS,
    allowedOrigins: settings.ALLOWED_ORIGINS,
  };
  const graceMs = settings.SHUTDOWN_TIMEOUT * 1000;
  const checkOrigin = createOriginCheck(rules);
  const shared = {
    ...rules,
    authenticate: ({ headers, socket }: IncomingMessage) => authenticate(socket, headers.authorization),
    endpoint: (path: string, _: IncomingMessage, caller: Caller) =>
      endpoint(parseMcpPath(path)?.serverId, caller as Principal),
    maxBodyBytes: settings.MCP_MAX_BODY_BYTES,
    challenge: challengeOf(settings),
    keepAliveMs: settings.SSE_KEEPALIVE_ENABLED ? settings.SSE_KEEPALIVE_INTERVAL * 1000 : 0,
    retryMs: settings.SSE_RETRY_TIMEOUT,
    closeGraceMs: graceMs,
  };
  const mcp = createMcpListener({ ...shared, edge });
  const sse = createSseListener({ ...shared, messagePath: (path) => path.replace(/sse\/?$/, 'message') });
  const ws = createWsListener({
    ...shared,
    checkOrigin,
    maxSockets: settings.MCP_MAX_SESSIONS,
    maxMessageBytes: settings.MCP_MAX_BODY_BYTES,
    pingIntervalMs: settings.WEBSOCKET_PING_INTERVAL * 1000,
  });
  const cors = createCors(rules);
  const rest = guarded(checkOrigin, getRequestListener(api.fetch));
  const off = guarded(checkOrigin, turnedOff(settings));
  const serves = ({ kind }: McpPath): boolean => settings.TRANSPORT_TYPE.includes(TRANSPORT_OF[kind]);

  const server = createServer(LIMITS, (req, res) => {
    if (cors(req, res)) return;
    const url = req.url ?? '/';
    const found = parseMcpPath(url);
    if (found === undefined) return rest(req, res);
    if (!serves(found)) return off(req, res);
    const path = pathOf(url);
    if (found.kind === 'mcp') mcp.handle(req, res, path);
    else if (found.kind === 'sse') sse.stream(req, res, path);
    else if (found.kind === 'message') sse.message(req, res, path);
    else ws.handle(req, res);
  });
  acceptUpgrades(server, ({ url = '' }) => {
    const found = parseMcpPath(url);
    if (found?.kind !== 'ws' || !serves(found)) return undefined;
    return (req, socket, head) => ws.upgrade(req, socket, head, pathOf(url));
  });
  answerUnreadable(server, LIMITS.maxHeaderSize);
  const endUnused = trackUnused(server);
  return {
    listen: () => listen(server, settings),
    close: async () => {
      endUnused();
      const given = giveUp && setTimeout(giveUp, graceMs);
      await Promise.all([closeServer(server, graceMs + FLUSH_MS), mcp.close(), sse.close(), ws.close()]);
      clearTimeout(given);
    },
  };
}

const TRANSPORT_OF: Readonly<Record<McpPath['kind'], McpTransport>> = {
  mcp: 'streamablehttp',
  sse: 'sse',
  message: 'sse',
  ws: 'ws',
};

/** Without the query. */
function pathOf(url: string): string {
  const end = url.search(/[?#]/);
  return end < 0 ? url : url.slice(0, end);
}

/** Answers the paths of transports that are not served. */
function turnedOff({ TRANSPORT_TYPE }: Settings): (req: IncomingMessage, res: ServerResponse) => void {
  const why = `This transport is turned off: TRANSPORT_TYPE is ${TRANSPORT_TYPE.join(',')}`;
  return (_req, res) => {
    const { status, headers, body } = refusalOf(new ForgeError('not_found', why));
    res.writeHead(status, { ...headers, connection: 'close' }).end(body);
  };
}

/**
 * Makes the function that ends connections on which nothing was ever sent. Browsers and pools open some ahead, and Node
 * does not count them as idle.
 */
function trackUnused(server: Server): () => void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  };
}

/** The listeners check `Host` and `Origin` themselves; everything else is checked here. */
function guarded(
  check: ReturnType<typeof createOriginCheck>,
  listener: (req: IncomingMessage, res: ServerResponse) => unknown,
): RequestListener {
  return (req, res) => {
    try {
      check(req.headers);
    } catch (error) {
      refuse(res, ForgeError.from(error));
      return;
    }
    void listener(req, res); // never rejects: it answers 500 itself
  };
}

/** In the one shape that errors of the API have. */
function refuse(res: ServerResponse, error: ForgeError): void {
  const body = JSON.stringify(errorBody(error));
  res.writeHead(error.meaning.httpStatus, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
}

async function listen(server: Server, { HOST, PORT }: Settings): Promise<string> {
  try {
    server.listen(PORT, HOST);
    await once(server, 'listening');
  } catch (error) {
    throw new ConfigError([explain(error as NodeJS.ErrnoException, HOST, PORT)]);
  }
  const { port } = server.address() as AddressInfo;
  return `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`;
}

function explain({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} of ${host} is in use. Choose another one with --port, or 0 for a free one.`;
    case 'EACCES':
      return `Port ${port} of ${host} is not open to this user. Choose another one with --port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${host} is not an address of this machine.`;
    default:
      return message;
  }
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  // A connection that is kept alive becomes idle only after its last answer.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}
