/** @module An upstream over HTTP, of either era: finds out how its server wants to be spoken to, and does so. */
import {
  createDeadlines,
  discoverParams,
  errorOutcome,
  type Exchange,
  type ExchangeRequest,
  forCaller,
  ForgeError,
  type JsonText,
  LATEST_MODERN,
  modernHeaders,
  type Outcome,
  type ProbeVerdict,
  readProbe,
  type Upstream,
  type UpstreamEvents,
} from '@forge/protocol';
import { Doubt, type HttpAdapter, type HttpHop, post } from './http-hop.ts';
import { createLegacyHttp } from './legacy-http.ts';
import { InitializeRefused } from './legacy-session.ts';
import { createModernHttp, modernHooks } from './modern-http.ts';
import { type Ending, refusalError, RpcCall } from './rpc-call.ts';
import { createSseHttp } from './sse-http.ts';
import type { CredentialSource } from './credentials.ts';
import { checkedAuthorization, type ConnectionsFactory, createWire, credentialKey } from './wire.ts';

/** Options of {@link httpUpstream}. */
export interface HttpUpstreamOptions {
  /** The MCP endpoint, or, for HTTP+SSE, the event stream. */
  readonly url: string | URL;
  /** Sent with every request: credentials and others. `authorization` gives way to what a client sends for itself. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A credential that changes with time; counts more than `headers`, less than what a client sends for itself. */
  readonly credentials?: CredentialSource | undefined;
  /** Another way to connect than the direct one: by a proxy, with certificates of its own. */
  readonly connections?: ConnectionsFactory | undefined;
  /**
   * Whether the URL's host, or an address that it leads to, must not be called; asked with each direct connection.
   *
   * @default none is refused
   */
  readonly refusesAddress?: ((host: string) => boolean) | undefined;
  /**
   * `auto` tries Streamable HTTP, then HTTP+SSE.
   *
   * @default 'auto'
   */
  readonly transport?: 'auto' | 'streamable-http' | 'sse' | undefined;
  /** @default 'auto' */
  readonly era?: 'auto' | 'modern' | 'legacy' | undefined;
  readonly events: UpstreamEvents;
  /** Forge's own `Implementation`. */
  readonly clientInfo: JsonText;
  /**
   * How long a call may take, in ms. Progress gives it the whole time again; while the client is being asked, the clock
   * stands still.
   *
   * @default 60000
   */
  readonly requestTimeoutMs?: number | undefined;
  /** @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * Bytes of an answer at most; of an event, where it is a stream.
   *
   * @default 67108864
   */
  readonly maxResponseBytes?: number | undefined;
  /**
   * Connections for calls at most, per credential; further calls wait.
   *
   * @default 256
   */
  readonly maxConnections?: number | undefined;
  /**
   * Calls in flight at most.
   *
   * @default 2048
   */
  readonly maxInFlight?: number | undefined;
  /**
   * Legacy sessions at most, besides the shared one.
   *
   * @default 256
   */
  readonly maxSessions?: number | undefined;
  /**
   * After how many ms a legacy session is ended when it is not used.
   *
   * @default 300000
   */
  readonly sessionIdleMs?: number | undefined;
}

/** A server that seems to be of the other era now is not looked at more often than this. */
const LOOK_AGAIN_MS = 5000;
const LISTS = ['tools', 'prompts', 'resources'] as const;

/**
 * An upstream over HTTP. Nothing is connected before the first call.
 *
 * @throws ForgeError `invalid_params` when the URL or a header cannot be one.
 *
 * @example
 * const upstream = httpUpstream({ url: 'https://example.com/mcp', headers: { authorization }, events, clientInfo });
 * const { era, transport } = await upstream.connect();
 */
export function httpUpstream(options: HttpUpstreamOptions): Upstream {
  const { era = 'auto', transport = 'auto', events, clientInfo } = options;
  const { requestTimeoutMs = 60_000, connectTimeoutMs = 10_000, maxSessions = 256, sessionIdleMs = 300_000 } = options;
  const wire = createWire({
    url: parseUrl(options.url),
    headers: options.headers ?? {},
    credentials: options.credentials,
    connections: options.connections,
    refusesAddress: options.refusesAddress,
    connectTimeoutMs,
    maxResponseBytes: options.maxResponseBytes ?? 64 * 1024 * 1024,
    maxConnections: options.maxConnections ?? 256,
  });
  const deadlines = createDeadlines<RpcCall>(requestTimeoutMs, (call) => call.expire());
  let lastId = 0;
  const hop: HttpHop = {
    wire,
    events,
    clientInfo,
    deadlines,
    maxInFlight: options.maxInFlight ?? 2048,
    nextId: () => ++lastId,
  };

  let adapter: HttpAdapter | undefined;
  /** Running attempts by credential: one client's credential that is refused is not another's failure. */
  const attempts = new Map<string, Promise<HttpAdapter>>();
  let uris: ReadonlySet<string> = new Set();
  let taskIds: ReadonlySet<string> = new Set();
  let lookedAt = 0;
  let closed = false;

  async function connect(authorization?: string): Promise<HttpAdapter> {
    if (closed) throw new ForgeError('cancelled', 'The upstream has been closed');
    if (adapter !== undefined) return adapter;
    const key = credentialKey(authorization);
    const running = attempts.get(key);
    if (running !== undefined) return running;
    const attempt = detect(authorization)
      .then(adopt)
      .finally(() => attempts.delete(key));
    attempts.set(key, attempt);
    return attempt;
  }

  /** The first attempt that succeeds counts. */
  async function adopt(found: HttpAdapter): Promise<HttpAdapter> {
    if (adapter !== undefined || closed) {
      await found.close();
      return adapter ?? found;
    }
    adapter = found;
    found.watch.update(uris, taskIds);
    return found;
  }

  /** The next call looks at the era again. */
  function drop(dropped: HttpAdapter): void {
    adapter = undefined;
    dropped.retire();
  }

  function lost(used: HttpAdapter | undefined, error: Error): void {
    if (used === undefined || adapter !== used) return;
    drop(used);
    events.lost(error);
  }

  async function detect(authorization: string | undefined): Promise<HttpAdapter> {
    let found: HttpAdapter | undefined;
    found = await open(authorization, (error) => lost(found, error));
    return found;
  }

  async function open(authorization: string | undefined, onLost: (error: Error) => void): Promise<HttpAdapter> {
    const sessions = { authorization, maxSessions, sessionIdleMs, onLost };
    const sse = (reason: string) =>
      createSseHttp(hop, { ...sessions, reason, requestTimeoutMs, openTimeoutMs: connectTimeoutMs });
    if (transport === 'sse') return sse('transport is set to HTTP+SSE');
    const verdict = era === 'legacy' ? CONFIGURED : await probe(authorization);
    if (verdict.era === 'modern') {
      const { protocolVersion, description, reason } = verdict;
      const info = { era: 'modern', protocolVersion, description, transport: 'streamable-http', reason } as const;
      return createModernHttp(hop, info, onLost);
    }
    if (era === 'modern') throw new ForgeError('upstream_error', `Not a modern server: ${verdict.reason}`);
    try {
      return await createLegacyHttp(hop, { ...sessions, reason: verdict.reason });
    } catch (error) {
      if (!(error instanceof InitializeRefused)) throw error;
      const refusal = refusalError(error.refusal);
      const refused =
        refusal instanceof ForgeError ? refusal : new ForgeError('upstream_error', refusal.error?.message);
      if (transport === 'streamable-http') throw refused;
      return sse(`${verdict.reason}; initialize was refused over Streamable HTTP`).catch((cause: unknown) => {
        throw new ForgeError('upstream_error', `${refused.message}; it has no event stream either`, { cause });
      });
    }
  }

  /** Asks for the era. Only an answer is evidence: not a refused credential, an overloaded or an absent server. */
  async function probe(authorization: string | undefined): Promise<Verdict> {
    const first = await discover(LATEST_MODERN, authorization);
    const verdict = first.era === 'retry' ? await discover(first.protocolVersion, authorization) : first;
    if (verdict.era !== 'retry') return verdict;
    return { era: 'legacy', reason: `it refuses revision ${verdict.protocolVersion}, which it says it supports` };
  }

  async function discover(version: string, authorization: string | undefined): Promise<ProbeVerdict> {
    const ending = await new Promise<Ending>((settle) => {
      const call = new RpcCall({ id: hop.nextId(), hooks: modernHooks(hop), settle });
      const method = 'server/discover';
      const headers = modernHeaders(method, undefined, version);
      post(hop, call, { method, params: discoverParams(version, clientInfo), headers, authorization });
    });
    if (ending instanceof ForgeError) {
      // Some answer what they do not know with nothing, or with a page.
      if (ending.code !== 'upstream_error') throw ending;
      return { era: 'legacy', reason: 'server/discover was answered with something that is no JSON-RPC' };
    }
    const { status } = ending;
    if (ending.answer !== undefined) return readProbe(ending.answer, status);
    const { error } = ending;
    const refusal = refusalError(ending);
    if (status === 401 || status === 403 || status === 429 || status < 400 || status >= 500) {
      const data = { httpStatus: status };
      throw refusal instanceof ForgeError ? refusal : new ForgeError('upstream_error', `HTTP ${status}`, { data });
    }
    if (error !== undefined) return readProbe({ error }, status);
    return { era: 'legacy', reason: `server/discover was answered ${status}` };
  }

  function call(request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    if (deadlines.items.size >= hop.maxInFlight) throw new ForgeError('overloaded');
    const authorization = checkedAuthorization(request.client.upstreamAuthorization);
    if (adapter === undefined) return connect(authorization).then((used) => callOn(used, request, exchange));
    return callOn(adapter, request, exchange);
  }

  function callOn(used: HttpAdapter, request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    const settled = (outcome: Outcome | Doubt): Outcome | Promise<Outcome> =>
      outcome instanceof Doubt ? doubted(outcome, used, request, exchange) : outcome;
    return used.call(request, exchange).then(settled);
  }

  async function doubted(
    outcome: Doubt,
    used: HttpAdapter,
    request: ExchangeRequest,
    exchange: Exchange,
  ): Promise<Outcome> {
    const authorization = request.client.upstreamAuthorization;
    if (outcome.why === 'unreachable') lost(used, new Error('The upstream cannot be reached'));
    else if (await otherEra(used, authorization)) return again(request, exchange, authorization);
    return outcome.outcome;
  }

  /** The request was turned away by a server of the other era, which has taken the place of the one that was met. */
  async function again(
    request: ExchangeRequest,
    exchange: Exchange,
    authorization: string | undefined,
  ): Promise<Outcome> {
    const outcome = await (await connect(authorization)).call(request, exchange);
    return outcome instanceof Doubt ? outcome.outcome : outcome;
  }

  async function otherEra(used: HttpAdapter, authorization: string | undefined): Promise<boolean> {
    if (adapter !== used) return true;
    if (era !== 'auto' || Date.now() - lookedAt < LOOK_AGAIN_MS) return false;
    return hasChanged(used, authorization);
  }

  async function hasChanged(used: HttpAdapter, authorization: string | undefined): Promise<boolean> {
    lookedAt = Date.now();
    const verdict = await probe(authorization);
    if (adapter !== used) return true;
    if (verdict.era === used.info.era) return false;
    drop(used);
    for (const kind of LISTS) events.listChanged(kind); // another server has taken its place
    return true;
  }

  async function lookAgain(): Promise<void> {
    if (adapter !== undefined) await hasChanged(adapter, undefined);
  }

  return {
    connect: async () => (await connect()).info,
    call(request, exchange) {
      try {
        return call(request, exchange).catch(failed);
      } catch (error) {
        return Promise.resolve(failed(error));
      }
    },
    watch(wantedUris, wantedTasks) {
      uris = new Set(wantedUris);
      taskIds = new Set(wantedTasks);
      return adapter?.watch.update(uris, taskIds);
    },
    ...(era === 'auto' && transport !== 'sse' && { lookAgain }),
    sessionEnded: (sessionId) => adapter?.sessionEnded(sessionId),
    async close() {
      if (closed) return;
      closed = true;
      for (const call of deadlines.items) call.withdraw(new ForgeError('cancelled'));
      const last = adapter;
      adapter = undefined;
      await last?.close();
      await wire.close();
    },
  };
}

function failed(error: unknown): Outcome {
  return errorOutcome(forCaller(error));
}

type Verdict = Exclude<ProbeVerdict, { era: 'retry' }>;

const CONFIGURED: Verdict = { era: 'legacy', reason: 'era is set to legacy' };

function parseUrl(url: string | URL): URL {
  const parsed = URL.canParse(String(url)) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  if (parsed !== undefined && isHttp && parsed.username === '' && parsed.password === '') return parsed;
  throw new ForgeError('invalid_params', 'The URL of an upstream must be one of http or https, without credentials');
}
