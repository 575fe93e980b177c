/** @module An endpoint over exactly one upstream: nothing renamed, no registry. What `translate` and `wrapper` serve. */
import type { Endpoint, Listener, ListenFilter } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Client, Exchange, ExchangeRequest, Outcome, ParamHeader } from './exchange.ts';
import { readParamHeaders } from './headers.ts';
import type { JsonText } from './json-text.ts';
import { errorOutcome } from './outcome.ts';
import { forCaller } from './outgoing.ts';
import type { Upstream, UpstreamEvents } from './upstream.ts';

/** Options of {@link createRelay}. */
export interface RelayOptions {
  /** Tells endpoints apart: see {@link Endpoint.key}. */
  readonly key: string;
  /** Callers are told why the upstream cannot be reached. @default false */
  readonly tellCallers?: boolean | undefined;
  /** Hears of a lost upstream; the message is for operators. The next call connects again. */
  onLost?(error: Error): void;
}

/** An endpoint with its upstream. */
export interface Relay extends Endpoint {
  readonly upstream: Upstream;
}

interface Standing {
  readonly client: Client;
  readonly listener: Listener;
  filter: ListenFilter;
}

/** Tools whose mirrored arguments are remembered. */
const MAX_TOOLS = 10_000;
const RECONNECT_MS = 1000;
const MAX_RECONNECT_MS = 60_000;
const KINDS = ['tools', 'prompts', 'resources'] as const;

/**
 * Serves one upstream as it is.
 *
 * @example
 * const relay = createRelay((events) => createChannelUpstream({ open, transport: 'stdio', events, clientInfo }), {
 *   key: 'relay',
 * });
 */
export function createRelay(create: (events: UpstreamEvents) => Upstream, options: RelayOptions): Relay {
  const standing = new Set<Standing>();
  /** Learnt from the lists that pass. */
  const paramHeaders = new Map<string, readonly ParamHeader[]>();
  let reconnectMs = RECONNECT_MS;
  /** When the upstream tells of all that is watched. */
  let told: PromiseLike<unknown> | undefined;

  const paired = (sessionId: string): Standing | undefined =>
    [...standing].find(({ client }) => client.sessionId === sessionId);

  const upstream = create({
    listChanged(kind) {
      for (const { filter, listener } of standing) {
        if (filter[`${kind}ListChanged`] === true) listener.note(`notifications/${kind}/list_changed`, undefined);
      }
    },
    resourceUpdated(uri, params) {
      for (const { filter, listener } of standing) {
        if (filter.resourceSubscriptions?.some((watched) => covers(watched, uri)) !== true) continue;
        listener.note('notifications/resources/updated', params);
      }
    },
    taskChanged(taskId, params) {
      for (const { filter, listener } of standing) {
        if (filter.taskIds?.includes(taskId) === true) listener.note('notifications/tasks', params);
      }
    },
    sessionNote: (sessionId, method, params) => paired(sessionId)?.listener.note(method, params),
    async sessionAsk(sessionId, ask) {
      const answer = await paired(sessionId)?.listener.ask?.(ask);
      return answer ?? { error: { code: -32600, message: 'The client cannot be asked' } };
    },
    lost(error) {
      options.onLost?.(error);
      reconnectMs = RECONNECT_MS;
      reconnect();
    },
  });

  /** Somebody who only listens would never notice that the upstream is gone. */
  function reconnect(): void {
    const timer = setTimeout(() => {
      if (standing.size === 0) return;
      upstream.connect().then(announce, reconnect);
    }, reconnectMs);
    reconnectMs = Math.min(reconnectMs * 2, MAX_RECONNECT_MS);
    if (typeof timer === 'object') timer.unref();
  }

  /** What happened while it was away is not known. */
  function announce(): void {
    for (const { filter, listener } of standing) {
      for (const kind of KINDS) {
        if (filter[`${kind}ListChanged`] === true) listener.note(`notifications/${kind}/list_changed`, undefined);
      }
    }
  }

  function watchAll(): void {
    const filters = [...standing].map(({ filter }) => filter);
    told = upstream.watch(
      new Set(filters.flatMap(({ resourceSubscriptions }) => resourceSubscriptions ?? [])),
      new Set(filters.flatMap(({ taskIds }) => taskIds ?? [])),
    );
  }

  async function handle(request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    const known = request.method === 'tools/call' ? paramHeaders.get(request.target ?? '') : undefined;
    const outcome = await upstream.call(known ? { ...request, paramHeaders: known } : request, exchange);
    if (request.method !== 'tools/list' || outcome.result === undefined) return outcome;
    try {
      return { era: outcome.era, result: learn(outcome.result) };
    } catch (error) {
      return errorOutcome(new ForgeError('upstream_error', 'The list of tools is malformed', { cause: error }));
    }
  }

  /** Remembers what each tool mirrors in headers. Tools that break the rules for it must not be offered to anyone. */
  function learn(result: JsonText): JsonText {
    if (paramHeaders.size === 0 && !result.text.includes('"x-mcp-header"')) return result;
    const tools = result.member('tools')?.elements() ?? [];
    const offered = tools.filter((tool) => {
      const name = String(tool.member('name')?.value);
      const headers = readParamHeaders(tool.member('inputSchema'));
      paramHeaders.delete(name);
      if (headers === 'invalid') return false;
      if (headers.length > 0 && paramHeaders.size < MAX_TOOLS) paramHeaders.set(name, headers);
      return true;
    });
    if (offered.length === tools.length) return result;
    return result.with({ tools: `[${offered.map((tool) => tool.text).join(',')}]` });
  }

  return {
    key: options.key,
    upstream,
    handle,
    async describe() {
      try {
        return (await upstream.connect()).description;
      } catch (error) {
        throw ForgeError.from(options.tellCallers === true ? error : forCaller(error));
      }
    },
    paramHeaders: (tool) => paramHeaders.get(tool),
    listen(client, filter, listener) {
      const entry: Standing = { client, listener, filter };
      standing.add(entry);
      if (isWatching(filter)) watchAll();
      return {
        get ready() {
          return isWatching(entry.filter) ? told : undefined;
        },
        update(next) {
          entry.filter = next;
          watchAll();
        },
        close() {
          if (standing.delete(entry) && isWatching(entry.filter)) watchAll();
        },
      };
    },
    sessionNote({ sessionId }, method, params) {
      if (sessionId !== undefined) upstream.sessionNote?.(sessionId, method, params);
    },
    sessionEnded: (sessionId) => upstream.sessionEnded(sessionId),
  };
}

/** Whether a filter names something single. */
function isWatching({ resourceSubscriptions, taskIds }: ListenFilter): boolean {
  return (resourceSubscriptions?.length ?? 0) + (taskIds?.length ?? 0) > 0;
}

/** An update may name a part of the resource that was subscribed to. */
function covers(watched: string, uri: string): boolean {
  return uri === watched || uri.startsWith(watched.endsWith('/') ? watched : `${watched}/`);
}
