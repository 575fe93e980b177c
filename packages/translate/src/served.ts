/** @module One server as endpoints: one for everybody, and one for each set of credentials that clients send. */
import type { IncomingHttpHeaders } from 'node:http';
import {
  type ChannelUpstreamOptions,
  createChannelUpstream,
  createRelay,
  type Endpoint,
  JsonText,
  type Relay,
  type UpstreamEvents,
  type Upstream,
  type UpstreamInfo,
  listToolNames,
} from '@forge/protocol';
import { createChild } from './child.ts';
import { type HeaderToEnv, readCredentials } from './credentials.ts';
import { createEndpointPool } from './endpoint-pool.ts';
import type { Log } from './log.ts';
import { openGrpc } from './grpc.ts';
import type { ChildSpec, GrpcSpec, RemoteSpec, ServerSpec } from './server-spec.ts';
import { packageVersion } from './version.ts';

/** How a server is served. */
export interface ServedOptions {
  /**
   * Who shares a child. `auto`: all whom the server cannot ask anything; whom it can ask gets one for its session.
   * `per-session`: nobody; requests without a session share one. `shared`: everybody, and the server asks nobody.
   */
  readonly child: 'auto' | 'per-session' | 'shared';
  /** Children of single sessions, or of single credentials, at most. */
  readonly maxChildren: number;
  /** After which time without use such a child is ended. */
  readonly sessionTimeoutMs: number;
  /** How long a call may take without progress. */
  readonly requestTimeoutMs: number;
  /** Headers of clients that become variables of a child that serves nobody else. */
  readonly headerToEnv: HeaderToEnv;
  readonly log: Log;
}

/** A server that can be called. */
export interface Served {
  /** The endpoint for a request. @throws ForgeError `invalid_request`, `overloaded` */
  endpoint(headers: IncomingHttpHeaders): Endpoint;
  /** Connects it. @throws ForgeError `upstream_*` */
  start(): Promise<Found>;
  close(): Promise<void>;
}

/** What was found when a server was connected. */
export interface Found {
  readonly info: UpstreamInfo;
  /** Names of its tools; `undefined` where it has no list of them. */
  readonly tools: readonly string[] | undefined;
}

const OWN_CHANNELS = { auto: 'asking', 'per-session': 'every', shared: 'none' } as const;

/** Makes a server ready to be started. Nothing runs yet. */
export async function createServed(spec: ServerSpec, options: ServedOptions): Promise<Served> {
  const { headerToEnv } = options;
  const pool = createEndpointPool({ max: options.maxChildren, idleMs: options.sessionTimeoutMs });
  const key = spec.name ?? '';
  let started = false;
  const open = await openerFor(spec, options, () => started);
  const main = open(key, {});
  const endpoint = apart(main);

  return {
    endpoint(headers) {
      const credentials = headerToEnv.size === 0 ? undefined : readCredentials(headerToEnv, headers);
      if (credentials === undefined) return endpoint;
      return pool.get(credentials.key, () => {
        const own = open(`${key}#${credentials.key}`, credentials.env);
        return { ...apart(own), upstream: own.upstream };
      });
    },
    async start() {
      try {
        const info = await main.upstream.connect();
        // A server without tools is served all the same.
        return { info, tools: await listToolNames(endpoint).catch(() => undefined) };
      } finally {
        started = true;
      }
    },
    async close() {
      await Promise.all([main.upstream.close(), pool.close()]);
    },
  };
}

type Opener = (key: string, env: Readonly<Record<string, string>>) => Relay;

async function openerFor(spec: ServerSpec, options: ServedOptions, started: () => boolean): Promise<Opener> {
  if ('url' in spec) return remoteOpener(spec, options);
  return 'grpc' in spec ? grpcOpener(spec, options) : childOpener(spec, options, started);
}

/** @param started until then the death of a child is either told as the failure of the start, or means nothing */
function childOpener(spec: ChildSpec, options: ServedOptions, started: () => boolean): Opener {
  const { log } = options;
  const label = spec.name === undefined ? '' : `${spec.name}: `;
  // Whoever types a command line means the environment in which it is typed.
  const base = spec.env ?? definedOnly(process.env);
  return (key, env) => {
    const child = createChild(
      {
        command: spec.command,
        args: spec.args,
        cwd: spec.cwd,
        env: { ...base, ...env },
        closeGraceMs: 1000,
        killGraceMs: 1000,
        onStderr: (line) => log('info', `${label}${line}`),
        onNoise: (line) =>
          log('warning', `${label}Skipped what it writes to stdout and is no message: ${line.slice(0, 200)}`),
      },
      (error) => log(started() ? 'error' : 'info', `${label}${error.message}`),
    );
    const create = (events: UpstreamEvents): Upstream => {
      const upstream = createChannelUpstream({
        open: () => child.open(),
        transport: 'stdio',
        events,
        clientInfo: clientInfo(),
        requestTimeoutMs: options.requestTimeoutMs,
        maxSessions: options.maxChildren,
        sessionIdleMs: options.sessionTimeoutMs,
        ownChannels: OWN_CHANNELS[options.child],
        tellCallers: true,
      });
      return {
        ...upstream,
        close() {
          child.stop();
          return upstream.close();
        },
      };
    };
    return createRelay(create, { key, tellCallers: true });
  };
}

/** Only here a client of HTTP, or of WebSocket, is loaded. */
async function remoteOpener(spec: RemoteSpec, options: ServedOptions): Promise<Opener> {
  const { requestTimeoutMs, sessionTimeoutMs: sessionIdleMs } = options;
  const connect = await remoteClient(spec);
  return (key) =>
    createRelay((events) => connect({ events, clientInfo: clientInfo(), requestTimeoutMs, sessionIdleMs }), {
      key,
      onLost: (error) => options.log('warning', `${spec.name ?? 'The remote server'}: ${error.message}`),
    });
}

type RemoteOptions = Pick<ChannelUpstreamOptions, 'events' | 'clientInfo' | 'requestTimeoutMs' | 'sessionIdleMs'>;

async function remoteClient({ url, transport, headers }: RemoteSpec): Promise<(options: RemoteOptions) => Upstream> {
  if (transport === 'websocket') {
    const { wsUpstream } = await import('@forge/transport-ws');
    return (options) => wsUpstream({ url, headers, ...options });
  }
  const { httpUpstream } = await import('@forge/transport-http');
  return (options) => httpUpstream({ url, transport, headers, ...options });
}

async function grpcOpener(spec: GrpcSpec, { requestTimeoutMs, log }: ServedOptions): Promise<Opener> {
  const create = await openGrpc(spec, requestTimeoutMs);
  return (key) => createRelay(create, { key, onLost: ({ message }) => log('warning', `The gRPC server: ${message}`) });
}

function clientInfo(): JsonText {
  return JsonText.of({ name: 'forge-translate', version: packageVersion() });
}

/** Variables that are set. */
export function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

let requests = 0;

/**
 * Everybody may be the same caller by their key, but not to a child that they share: what it sends without saying to whom
 * must not reach the wrong one. A session is one, and so is each request without a session.
 */
function apart(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    handle(request, exchange) {
      const { client } = request;
      const caller = { id: client.sessionId ?? `request-${++requests}` };
      return endpoint.handle({ ...request, client: { ...client, caller } }, exchange);
    },
  };
}
