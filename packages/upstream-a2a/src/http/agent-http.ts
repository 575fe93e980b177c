/**
 * @module `fetch` towards one agent: hosts checked with each connection, answers bounded, redirects within one origin only,
 * credentials for the origins that may have them and for no other.
 */
import { guardedConnector, type TokenSource } from '@forge/outgoing';
import { ForgeError } from '@forge/protocol';
import { Agent } from 'undici';
import { AgentFailure } from '../agent-failure.ts';
import { FetchReply } from './fetch-reply.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Options of {@link createAgentHttp}. */
export interface AgentHttpOptions {
  /** Whether a host, as a name or as an address that one leads to, must not be called. */
  refuses(host: string): boolean;
  /** Origins that get `headers`, `query` and tokens. */
  readonly origins: ReadonlySet<string>;
  readonly headers: Readonly<Record<string, string>>;
  /** Added to the query of every URL. */
  readonly query: Readonly<Record<string, string>>;
  /** Where tokens come from; closed with this. */
  readonly tokens?: TokenSource | undefined;
  readonly connectTimeoutMs: number;
  /** Connections for event streams, and as many again for everything else. */
  readonly maxConnections: number;
}

/** The way to one agent. */
export interface AgentHttp {
  /**
   * `fetch` whose answers may have so many bytes. It takes texts as bodies, and rejects with what its signal was aborted
   * with, or with a ForgeError: `upstream_unreachable` and `forbidden` (nothing was sent), `outcome_unknown` (something
   * was), `upstream_error`; with {@link AgentFailure} where the agent is not to be had at the moment, or not with these
   * credentials.
   */
  within(maxBytes: number): typeof fetch;
  /** Cuts everything off. */
  close(): Promise<void>;
}

const MAX_REDIRECTS = 3;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/** Connects with the first request. */
export function createAgentHttp(options: AgentHttpOptions): AgentHttp {
  const { origins, headers, query, tokens, maxConnections: connections, connectTimeoutMs, refuses } = options;
  const settings = {
    connections,
    connect: guardedConnector({ refuses, timeoutMs: connectTimeoutMs }),
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  const hasQuery = Object.keys(query).length > 0;
  // Streams last: they must not keep a cancellation from going out.
  const pools = { streams: new Agent(settings), others: new Agent(settings) };

  function send(url: URL, init: RequestInit, maxBytes: number, token?: string): Promise<Response> {
    const own = fieldsOf(init.headers);
    const isTrusted = origins.has(url.origin);
    const target = isTrusted && hasQuery ? withQuery(url, query) : url;
    if (isTrusted) Object.assign(own, headers);
    if (token !== undefined) own['authorization'] = `Bearer ${token}`;
    const pool = own['accept']?.startsWith('text/event-stream') === true ? pools.streams : pools.others;
    return new Promise((resolve, reject) => {
      const reply = new FetchReply({ maxBytes, signal: init.signal ?? undefined, resolve, reject });
      pool.dispatch(
        {
          origin: target.origin,
          path: `${target.pathname}${target.search}`,
          method: init.method ?? 'GET',
          headers: own,
          body: (init.body ?? null) as string | null,
        },
        reply,
      );
    });
  }

  /** What is refused for its token has not been carried out: with another one it is sent again, once. */
  async function authorized(url: URL, init: RequestInit, maxBytes: number): Promise<Response> {
    if (tokens === undefined || !origins.has(url.origin)) return send(url, init, maxBytes);
    const token = await unlessAborted(tokens.token(), init.signal);
    const response = await send(url, init, maxBytes, token);
    if (response.status !== 401 || !tokens.discard(token)) return response;
    await response.body?.cancel();
    return send(url, init, maxBytes, await unlessAborted(tokens.token(), init.signal));
  }

  async function follow(url: URL, init: RequestInit, maxBytes: number): Promise<Response> {
    let at = url;
    for (let followed = 0; ; followed += 1) {
      const response = await authorized(at, init, maxBytes);
      const location = response.headers.get('location');
      if (location === null || !REDIRECTS.includes(response.status)) return checked(response);
      await response.body?.cancel();
      if (followed >= MAX_REDIRECTS) throw unusable(`it redirects more than ${MAX_REDIRECTS} times`);
      at = redirected(at, location, init.method ?? 'GET', response.status);
    }
  }

  return {
    within: (maxBytes) => (input, init) => {
      const url = typeof input === 'object' && 'url' in input ? input.url : input;
      return follow(new URL(url), init ?? {}, maxBytes);
    },
    async close() {
      await Promise.all([pools.streams.destroy(), pools.others.destroy(), tokens?.close()]);
    },
  };
}

/** By lower-case name. A plain object, as most give it, needs no `Headers`; undici checks names and values. */
function fieldsOf(headers: RequestInit['headers']): Record<string, string> {
  const isPlain = headers !== undefined && Object.getPrototypeOf(headers) === Object.prototype;
  if (!isPlain) return Object.fromEntries(new Headers(headers));
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers as Record<string, string>)) fields[name.toLowerCase()] = value;
  return fields;
}

/** What is said with these statuses is said by what stands before an agent, not by the agent. */
async function checked(response: Response): Promise<Response> {
  const why = WHY[response.status];
  if (why === undefined) return response;
  await response.body?.cancel();
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const when = seconds > 0 ? ` Try again in ${seconds} s.` : '';
  throw new AgentFailure(`${why} (HTTP ${response.status}).${when}`, response.status);
}

const WHY: Readonly<Record<number, string>> = {
  401: "The agent does not accept the gateway's credentials",
  403: "The agent does not allow this with the gateway's credentials",
  407: 'A proxy before the agent wants credentials',
  429: 'The agent is asked too much at the moment',
  502: 'The agent cannot be reached by what stands before it',
  503: 'The agent is not available at the moment',
  504: 'The agent did not answer what stands before it in time',
};

/** Where a redirect leads, within its origin: what another origin is, nobody has said. */
function redirected(from: URL, location: string, method: string, status: number): URL {
  if (!URL.canParse(location, from.href)) throw unusable('it redirects to something that is not a URL');
  const url = new URL(location, from);
  if (url.origin !== from.origin) throw unusable(`it redirects to another origin, ${url.origin}`);
  if (method !== 'GET' && status < 307) throw unusable(`it redirects a ${method} by ${status}`);
  return url;
}

function withQuery(url: URL, query: Readonly<Record<string, string>>): URL {
  const target = new URL(url);
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  return target;
}

function unusable(why: string): ForgeError {
  return new ForgeError('upstream_error', `The agent's answer is not usable: ${why}`);
}
