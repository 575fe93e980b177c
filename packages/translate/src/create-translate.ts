/** @module Puts one stdio server on HTTP: relay, listeners and server put together. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isLoopback } from '@forge/cli';
import {
  createChannelUpstream,
  createRelay,
  type Endpoint,
  ForgeError,
  JsonText,
  type UpstreamInfo,
} from '@forge/protocol';
import { createCors, createMcpListener, createSseListener } from '@forge/transport-http';
import { createChild } from './child.ts';
import { listTools } from './list-tools.ts';
import { packageVersion } from './version.ts';

/** What to start, and how to serve it. */
export interface TranslateOptions {
  /** A program on PATH, or a path. Never given to a shell. */
  readonly command: string;
  readonly args?: readonly string[];
  /** The child's environment, on top of a minimal one. @default all of this process's */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free one. @default 8000 */
  readonly port?: number;
  /** Accepts an address that other machines reach: whoever reaches it may use the server. @default false */
  readonly insecure?: boolean;
  /** Serve HTTP+SSE. @default true */
  readonly sse?: boolean;
  /** Serve Streamable HTTP of both eras on /mcp. @default true */
  readonly streamableHttp?: boolean;
  /** @default '/sse' */
  readonly ssePath?: string;
  /** @default '/message' */
  readonly messagePath?: string;
  /** Web pages that may call, besides those of this machine; `*` for all. @default [] */
  readonly allowedOrigins?: readonly string[];
  /** Milliseconds between keep-alive comments on streams. @default 30000 */
  readonly keepAliveMs?: number;
  /** How long calls in flight have to finish when it closes, in ms. @default 10000 */
  readonly closeGraceMs?: number;
  /** Gets what operators should know: the child's stderr line by line (`info`), its noise, its end. */
  readonly log?: (level: 'info' | 'warning' | 'error', message: string) => void;
}

/** A server that is up. */
export interface Translate {
  /** What was found when the child was started. */
  readonly info: UpstreamInfo;
  /** Names of its tools; `undefined` where it has no list of them. */
  readonly tools: readonly string[] | undefined;
  readonly mcpUrl: string | undefined;
  readonly sseUrl: string | undefined;
  /** Lets calls in flight finish, then ends the child with its whole process tree. Idempotent. */
  close(): Promise<void>;
}

/** Everybody who reaches the address. */
const ANYONE = { id: 'anyone' };

/**
 * Starts the child and serves it to any number of clients at once, each separated from the others.
 *
 * @throws ForgeError `forbidden` for an address that other machines reach, without `insecure`; `upstream_*` when the child
 * cannot be started or does not speak MCP. Errors of `listen` (`EADDRINUSE`) as they are.
 *
 * @example
 * const translate = await createTranslate({ command: 'uvx', args: ['mcp-server-git'], port: 9000 });
 * console.error(translate.mcpUrl);
 */
export async function createTranslate(options: TranslateOptions): Promise<Translate> {
  const { host = '127.0.0.1', port = 8000, sse = true, streamableHttp = true, log = () => {} } = options;
  const { ssePath = '/sse', messagePath = '/message' } = options;
  const loopback = isLoopback(host);
  if (!loopback && options.insecure !== true)
    throw new ForgeError('forbidden', `${host} is reached by other machines, and nothing asks who they are.`);

  const { endpoint, upstream } = createServed(options, log);
  const shared = {
    authenticate: () => ANYONE,
    endpoint: () => endpoint,
    loopback,
    allowedOrigins: options.allowedOrigins,
    keepAliveMs: options.keepAliveMs,
    closeGraceMs: options.closeGraceMs,
  };
  const mcp = createMcpListener(shared);
  const events = createSseListener({ ...shared, messagePath: () => messagePath });
  const cors = createCors(shared);
  const server = createServer((req, res) => {
    if (cors(req, res)) return;
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    if (streamableHttp && path === '/mcp') mcp.handle(req, res, path);
    else if (sse && path === ssePath) events.stream(req, res, path);
    else if (sse && path === messagePath) events.message(req, res, path);
    else if (path === '/healthz') res.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    else res.writeHead(404, { 'content-type': 'text/plain' }).end('Not found. See /mcp and /sse.\n');
  });

  let closing: Promise<void> | undefined;
  const close = async () => {
    server.close();
    await Promise.all([mcp.close(), events.close()]);
    server.closeAllConnections();
    await upstream.close();
  };
  try {
    const info = await upstream.connect();
    const tools = await listTools(endpoint);
    const base = await listen(server, host, port);
    return {
      info,
      tools,
      mcpUrl: streamableHttp ? `${base}/mcp` : undefined,
      sseUrl: sse ? `${base}${ssePath}` : undefined,
      close: () => (closing ??= close()),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function createServed(options: TranslateOptions, log: NonNullable<TranslateOptions['log']>) {
  const { command, args, cwd } = options;
  const child = createChild(
    {
      command,
      args,
      cwd,
      // Whoever types a command line means the environment in which it is typed.
      env: options.env ?? definedOnly(process.env),
      onStderr: (line) => log('info', line),
      onNoise: (line) =>
        log('warning', `Skipped what the server writes to stdout and is no message: ${line.slice(0, 200)}`),
    },
    (error) => log('error', error.message),
  );
  const clientInfo = JsonText.of({ name: 'forge-translate', version: packageVersion() });
  const relay = createRelay(
    (events) => createChannelUpstream({ open: () => child.open(), transport: 'stdio', events, clientInfo }),
    { key: 'translate' },
  );
  const endpoint: Endpoint = {
    ...relay,
    handle: async (request, exchange) => child.explain(await relay.handle(request, exchange)),
  };
  return { endpoint, upstream: relay.upstream };
}

async function listen(server: Server, host: string, port: number): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  const { address, port: actual, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`;
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
