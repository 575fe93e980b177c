/** @module Puts MCP servers on HTTP: their endpoints and the HTTP server put together. */
import type { IncomingMessage } from 'node:http';
import { isLoopback } from '@forge/cli';
import { ForgeError } from '@forge/protocol';
import type { HeaderToEnv } from './credentials.ts';
import { createHttpServer, type HttpOptions } from './http-server.ts';
import type { Log } from './log.ts';
import { createServed, type Found, type ServedOptions } from './served.ts';
import type { ServerSpec } from './server-spec.ts';

/** What to serve, and how. */
export interface TranslateOptions extends HttpOptions {
  /** One without a name is served at `/mcp`, one with a name at `/NAME/mcp`. */
  readonly servers: readonly ServerSpec[];
  /**
   * Who shares a child. `auto`: all whom the server cannot ask anything; whom it can ask gets one for its session.
   * `per-session`: nobody; requests without a session share one. `shared`: everybody, and the server asks nobody.
   *
   * @default 'auto'
   */
  readonly child?: ServedOptions['child'] | undefined;
  /** Children of single sessions, or of single credentials, at most; the least recently used idle one makes room. @default 16 */
  readonly maxChildren?: number | undefined;
  /** How long a call may take without progress, in ms. @default 300000 */
  readonly requestTimeoutMs?: number | undefined;
  /** Headers of clients, in lower case, that become variables of a child that serves nobody else. @default none */
  readonly headerToEnv?: HeaderToEnv | undefined;
  /** Gets what operators should know: a child's stderr line by line (`info`), its noise, its end. */
  readonly log?: Log | undefined;
  /** Ends the start. */
  readonly signal?: AbortSignal | undefined;
}

/** One server that is served. */
export interface TranslateServer extends Partial<Found> {
  readonly spec: ServerSpec;
  /** Why it could not be started. It is tried again with the next call. */
  readonly error?: Error;
  readonly mcpUrl: string | undefined;
  readonly sseUrl: string | undefined;
  readonly wsUrl?: string | undefined;
}

/** A server that is up. */
export interface Translate {
  readonly servers: readonly TranslateServer[];
  /** Lets calls in flight finish, then ends the children with their whole process trees. Idempotent. */
  close(): Promise<void>;
}

const NO_HEADERS: HeaderToEnv = new Map();

/**
 * Starts the servers and serves each to any number of clients at once, each separated from the others.
 *
 * @throws ForgeError `forbidden` for an address that other machines reach, without `apiKeys` or `insecure`; `upstream_*`
 * when no server at all can be started. Errors of `listen` (`EADDRINUSE`) as they are.
 *
 * @example
 * const { servers } = await createTranslate({ servers: [{ command: 'uvx', args: ['mcp-server-git'] }], port: 9000 });
 * console.error(servers[0]?.mcpUrl);
 */
export async function createTranslate(options: TranslateOptions): Promise<Translate> {
  const { host = '127.0.0.1', headerToEnv = NO_HEADERS, log = () => {}, signal } = options;
  if (!isLoopback(host) && options.insecure !== true && (options.apiKeys ?? []).length === 0)
    throw new ForgeError('forbidden', `${host} is reached by other machines, and nothing asks who they are.`);
  const servedOptions: ServedOptions = {
    child: options.child ?? 'auto',
    maxChildren: options.maxChildren ?? 16,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 1_800_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 300_000,
    headerToEnv,
    log,
  };
  const all = await Promise.all(
    options.servers.map(async (spec) => ({
      spec,
      prefix: spec.name === undefined ? '' : `/${encodeURIComponent(spec.name)}`,
      served: await createServed(spec, servedOptions),
    })),
  );
  const routed = all.map(({ prefix, served }) => ({
    prefix,
    endpoint: ({ headers }: IncomingMessage) => served.endpoint(headers),
  }));
  const http = await createHttpServer(options, routed, headerToEnv.has('authorization'));

  const shut = async () => {
    await http.close();
    await Promise.all(all.map(({ served }) => served.close()));
  };
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= shut());
  const onAbort = () => void close();
  signal?.addEventListener('abort', onAbort);
  try {
    signal?.throwIfAborted();
    const found = await Promise.all(all.map(({ served }) => attempt(() => served.start())));
    signal?.throwIfAborted();
    const error = found.every((it) => it.error !== undefined) ? found[0]?.error : undefined;
    if (error !== undefined && headerToEnv.size === 0) throw error;
    const base = await http.listen();
    const servers = all.map(({ spec, prefix }, index) => ({
      spec,
      ...found[index],
      mcpUrl: options.streamableHttp === false ? undefined : `${base}${prefix}/mcp`,
      wsUrl:
        options.webSocket === true ? `${base.replace(/^http/, 'ws')}${prefix}${options.wsPath ?? '/ws'}` : undefined,
      sseUrl: options.sse === false ? undefined : `${base}${prefix}${options.ssePath ?? '/sse'}`,
    }));
    return { servers, close };
  } catch (error) {
    await close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** One server that cannot be started does not keep the others from being served. */
async function attempt(start: () => Promise<Found>): Promise<Partial<Found> & { readonly error?: Error }> {
  try {
    return await start();
  } catch (error) {
    return { error: ForgeError.from(error) };
  }
}
