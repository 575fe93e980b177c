/** @module The API over a real registry in memory, with upstreams that are lists in this process. */
import {
  createMemoryBus,
  createMemoryStore,
  createPlugins,
  createRegistry,
  createSealer,
  type Discovered,
  ForgeError,
  type Plugin,
  type Principal,
  type Registry,
  type Store,
  type UpstreamPool,
  type UpstreamRecord,
} from '@forge/core';
import { JsonText } from '@forge/protocol';
import type { Hono } from 'hono';
import { createApi } from './create-api.ts';
import type { ApiCallbacks, HealthItem } from './routes/callbacks.ts';

const PRINCIPALS: Readonly<Record<string, Principal>> = {
  admin: { id: 'admin@example.com', admin: true },
  alice: { id: 'alice@example.com', admin: false },
  bob: { id: 'bob@example.com', admin: false },
  bound: { id: 'admin@example.com', admin: true, serverId: 'only' },
};

/** What an answer was. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly body: any;
}

/** How a request is sent. */
interface Sending {
  readonly as?: string;
  readonly json?: unknown;
  readonly body?: NonNullable<RequestInit['body']>;
  readonly headers?: Record<string, string>;
}

/** What {@link setUp} makes. */
export interface SetUp {
  readonly app: Hono;
  readonly registry: Registry;
  readonly store: Store;
  /** Names of tools by host or command; a host without any cannot be reached. */
  readonly tools: Map<string, readonly string[]>;
  readonly connected: UpstreamRecord[];
  /** Messages that reached `rpc`, with the server that they were for. */
  readonly calls: {
    serverId: string | undefined;
    message: unknown;
    text: string;
    upstreamAuthorization: string | undefined;
  }[];
  readonly health: HealthItem[];
  readonly errors: ForgeError[];
  /** Sends a request as `admin` unless `as` says otherwise (`''`: without credentials). */
  readonly send: (method: string, path: string, sending?: Sending) => Promise<Answer>;
}

/** Options of {@link setUp}. */
type SetUpOptions = { readonly maxBodyBytes?: number; readonly plugins?: readonly Plugin[] } & Pick<
  ApiCallbacks,
  'importOpenApi'
>;

/** An API to be tested. */
export function setUp({ maxBodyBytes, importOpenApi, plugins: installed = [] }: SetUpOptions = {}): SetUp {
  const store = createMemoryStore();
  const tools = new Map<string, readonly string[]>();
  const connected: UpstreamRecord[] = [];
  const calls: SetUp['calls'] = [];
  const health: HealthItem[] = [{ name: 'store', ok: true }];
  const errors: ForgeError[] = [];
  const pool: UpstreamPool = {
    check() {},
    destinations: ({ url }) => (url === undefined ? [] : [new URL(url).origin]),
    async discover(record) {
      connected.push(record);
      const host = record.command ?? (record.url === undefined ? record.name : new URL(record.url).host);
      const names = tools.get(host);
      if (!names) throw new ForgeError('upstream_unreachable', `${host} does not answer`);
      return discovered(host, names);
    },
    status: () => ({
      state: 'connected',
      since: 1,
      era: 'modern',
      error: { code: 'x', message: 'inner', failures: 1 },
    }),
  };
  const sealer = createSealer('a secret for tests');
  const plugins = createPlugins(installed);
  const registry = createRegistry({ store, bus: createMemoryBus(), pool, sealer, allowStdio: true, plugins });
  const callbacks: ApiCallbacks = {
    agents: {
      card: async (_, serverId, origin) => ({ name: serverId, url: `${origin}/servers/${serverId}/a2a` }),
      metrics: (_, toolIds) => ({ ...totals(), totalExecutions: toolIds.length, inputTokens: 7, outputTokens: 5 }),
      rpc: async (_, place, request) => Response.json({ ...place, asked: request.value }),
      rest: async (_, serverId, { query, body, ...asked }, { a2aVersion }) =>
        Response.json({ serverId, ...asked, query: query.toString(), body: body?.value, a2aVersion }),
    },
    async rpc(_, serverId, message, { upstreamAuthorization }) {
      calls.push({ serverId, message: message.value, text: message.text, upstreamAuthorization });
      return respond(message);
    },
    isExposed: () => true,
    importOpenApi,
    hasTool: (_, __, name) => [...tools].some(([host, names]) => names.includes(name.replace(`${host}-`, ''))),
    nameOf: (_, __, itemId) => (itemId === '' ? undefined : `name-of-${itemId}`),
    health: async () => health,
    metrics: () => ({
      tools: totals(),
      resources: totals(),
      servers: totals(),
      prompts: totals(),
      a2aAgents: { ...totals(), inputTokens: 0, outputTokens: 0 },
      a2aPushNotifications: { delivered: 3, failed: 2, dropped: 1 },
    }),
    diagnostics: async () => ({ store: { dialect: 'memory' } }),
  };
  const app = createApi({
    registry,
    callbacks,
    version: '1.2.3',
    maxBodyBytes,
    onError: (error) => errors.push(error),
    authenticate({ authorization }) {
      const principal = PRINCIPALS[authorization?.replace('Bearer ', '') ?? ''];
      if (!principal) throw new ForgeError('unauthenticated', 'The token is not good');
      return principal;
    },
  });
  return {
    app,
    registry,
    store,
    tools,
    connected,
    calls,
    health,
    errors,
    async send(
      method,
      path,
      { as = 'admin', json, body = json === undefined ? undefined : JSON.stringify(json), headers } = {},
    ) {
      const credentials: Record<string, string> = as === '' ? {} : { authorization: `Bearer ${as}` };
      const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
      const init = { method, headers: { ...credentials, ...type, ...headers }, body, duplex: 'half' } as RequestInit;
      const response = await app.request(path, init);
      const text = await response.text();
      const isJson = text !== '' && response.headers.get('content-type')?.startsWith('application/json');
      return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
    },
  };
}

/** A server of MCP: calls return what they were given; tools called `bad` fail, by the argument `error` where there is one. */
function respond(message: JsonText): JsonText | undefined {
  const id = message.member('id');
  if (!id) return undefined;
  const { method, params } = message.value as {
    method: string;
    params?: Record<string, unknown> & { arguments?: { error?: unknown } };
  };
  const results: Record<string, unknown> = {
    'tools/call': { content: [{ type: 'text', text: JSON.stringify(params) }] },
    'tools/list': { tools: [] },
    'prompts/get': { messages: [{ role: 'user', content: { type: 'text', text: JSON.stringify(params) } }] },
    'resources/read': { contents: [{ uri: params?.['uri'], mimeType: 'text/plain', text: 'content' }] },
  };
  const failed = params?.['name'] === 'bad';
  const answer = failed
    ? { error: params?.['arguments']?.error ?? { code: -32010, message: 'busy', data: { retryAfter: 3 } } }
    : Object.hasOwn(results, method)
      ? { result: results[method] }
      : { error: { code: -32601, message: 'no such method' } };
  return JsonText.of({ jsonrpc: '2.0', ...answer }).with({ id: id.text });
}

function discovered(host: string, names: readonly string[]): Discovered {
  return {
    tools: names.map((name) => ({
      name,
      definition: JSON.stringify({ name, description: `Does ${name}`, inputSchema: { type: 'object', snake_case: 1 } }),
    })),
    prompts: [
      { name: 'review', definition: '{"name":"review","description":"Reviews","arguments":[{"name":"code"}]}' },
    ],
    resources: [{ name: `${host}://head`, definition: `{"uri":"${host}://head","name":"head"}` }],
    templates: [{ name: `${host}://{ref}`, definition: `{"uriTemplate":"${host}://{ref}","name":"ref"}` }],
    skipped: [{ kind: 'tools', name: 'odd', reason: 'it has no schema' }],
    info: {
      era: 'modern',
      protocolVersion: '2026-07-28',
      transport: 'streamable-http',
      reason: 'it said so',
      description: {
        serverInfo: JsonText.of({ name: host, version: '1' }),
        capabilities: JsonText.of({}),
        ttlMs: 0,
        cacheScope: 'private',
      },
    },
  };
}

function totals() {
  return {
    totalExecutions: 0,
    successfulExecutions: 0,
    failedExecutions: 0,
    failureRate: 0,
    minResponseTime: null,
    maxResponseTime: null,
    avgResponseTime: null,
    lastExecutionTime: null,
  };
}
