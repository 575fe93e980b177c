/** @module The HTTP server: MCP paths go straight to the listeners, every other path to the REST API. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { McpListener, SseListener } from '@forge/transport-http';
import { parseMcpPath } from './mcp-path.ts';

/** What answers. */
export interface HttpParts {
  readonly mcp: McpListener;
  readonly sse: SseListener;
  readonly api: RequestListener;
  /** Answers preflights, and lets pages that may call read the answers. */
  readonly cors: (...request: Parameters<RequestListener>) => boolean;
}

/** Slower clients than these are cut off; answers may take as long as they take. */
const LIMITS = {
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  // Longer than the idle timeout of common load balancers, which must be the first to close.
  keepAliveTimeout: 75_000,
  maxHeaderSize: 32 * 1024,
};

/** Makes the server; it does not listen yet. */
export function createHttpServer({ mcp, sse, api, cors }: HttpParts): Server {
  return createServer(LIMITS, (req, res) => {
    if (cors(req, res)) return;
    const url = req.url ?? '/';
    const found = parseMcpPath(url);
    if (found === undefined) return api(req, res);
    const path = url.split(/[?#]/, 1)[0] ?? '';
    if (found.kind === 'mcp') mcp.handle(req, res, path);
    else if (found.kind === 'sse') sse.stream(req, res, path);
    else sse.message(req, res, path);
  });
}

/**
 * Starts to listen.
 *
 * @returns the server's URL, with the port that it got
 * @throws errors of `listen`, e.g. `EADDRINUSE`
 */
export async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}

/** Ends the server: no new connections, answers that are under way have `graceMs`. */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
