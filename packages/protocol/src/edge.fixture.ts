/** @module An endpoint, replies and a channel in memory, for the tests of the edges. */
import type { Endpoint, Listener, ListenFilter, Listening, ServerDescription } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Caller, Client, Exchange, ExchangeRequest, Outcome, ParamHeader } from './exchange.ts';
import { createHttpEdge, type HttpEdge, type HttpRequestIn } from './edge-http.ts';
import { JsonText } from './json-text.ts';
import { errorOutcome } from './outcome.ts';
import type { Reply } from './reply.ts';
import type { Channel } from './upstream.ts';
import { META } from './versions.ts';

export const ALICE: Caller = { id: 'alice' };
export const BOB: Caller = { id: 'bob' };

type Handler = (request: ExchangeRequest, exchange: Exchange) => Outcome | Promise<Outcome>;

/** A standing interest that an edge has registered. */
export interface Heard {
  readonly client: Client;
  readonly listener: Listener;
  readonly updates: ListenFilter[];
  closed: boolean;
}

/** Serves what tests register by method; remembers what it was asked. */
export class MemoryEndpoint implements Endpoint {
  readonly key: string;
  readonly requests: ExchangeRequest[] = [];
  readonly heard: Heard[] = [];
  readonly notes: string[] = [];
  readonly ended: string[] = [];
  readonly handlers = new Map<string, Handler>();
  description: ServerDescription | Promise<ServerDescription> = {
    serverInfo: JsonText.of({ name: 'memory', version: '1' }),
    capabilities: JsonText.of({
      tools: { listChanged: true },
      prompts: {},
      resources: { subscribe: true, listChanged: true },
      extensions: { 'com.example/x': {} },
    }),
    instructions: 'Be kind',
    ttlMs: 1000,
    cacheScope: 'public',
  };
  params: readonly ParamHeader[] | undefined;
  versions: readonly string[] | undefined;
  /** When its servers listen. */
  ready: Promise<void> | undefined;

  constructor(key = 'one') {
    this.key = key;
  }

  describe(): ServerDescription | Promise<ServerDescription> {
    return this.description;
  }

  async handle(request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    this.requests.push(request);
    const handler = this.handlers.get(request.method);
    return handler ? handler(request, exchange) : errorOutcome(new ForgeError('method_not_found'));
  }

  paramHeaders(): readonly ParamHeader[] | undefined {
    return this.params;
  }

  listen(client: Client, filter: ListenFilter, listener: Listener): Listening {
    const heard: Heard = { client, listener, updates: [filter], closed: false };
    this.heard.push(heard);
    return {
      ready: this.ready,
      update: (next) => void heard.updates.push(next),
      close() {
        heard.closed = true;
      },
    };
  }

  sessionNote(_client: Client, method: string): void {
    this.notes.push(method);
  }

  sessionEnded(sessionId: string): void {
    this.ended.push(sessionId);
  }
}

/** A reply that keeps what was written. Writing after the end is a fault of the edge, so it throws. */
export class MemoryReply implements Reply {
  status = 0;
  headers: Record<string, string> = {};
  body: string | undefined;
  readonly events: string[] = [];
  /** Of the events, in their order. */
  readonly ids: (string | undefined)[] = [];
  /** The id of the event without data that it began with. */
  primed: string | undefined;
  isStream = false;
  isEnded = false;
  #isClosed = false;
  #listener: (() => void) | undefined;
  #wake: (() => void)[] = [];

  json(status: number, body: string, headers: Record<string, string> = {}): void {
    this.#write(() => Object.assign(this, { status, body, headers, isEnded: true }));
  }
  empty(status: number, headers: Record<string, string> = {}): void {
    this.#write(() => Object.assign(this, { status, headers, isEnded: true }));
  }
  open(id?: string): void {
    this.#write(() => Object.assign(this, { status: 200, isStream: true, primed: id }));
  }
  event(data: string, id?: string): void {
    this.#write(() => {
      Object.assign(this, { status: 200, isStream: true });
      this.events.push(data);
      this.ids.push(id);
    });
  }
  end(): void {
    this.#write(() => Object.assign(this, { isStream: true, isEnded: true }));
  }
  onClose(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#listener = listener;
  }

  /** The client goes away. */
  close(): void {
    this.#isClosed = true;
    this.#listener?.();
  }
  /** The whole answer, parsed: the body, or the last event. */
  get answer(): unknown {
    return JSON.parse(this.body ?? this.events.at(-1) ?? 'null');
  }
  get parsedEvents(): Record<string, unknown>[] {
    return this.events.map((event) => JSON.parse(event) as Record<string, unknown>);
  }
  async ended(): Promise<this> {
    while (!this.isEnded) await this.#written();
    return this;
  }
  async hasEvents(count: number): Promise<Record<string, unknown>[]> {
    while (this.events.length < count) await this.#written();
    return this.parsedEvents;
  }

  #written(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve));
  }
  #write(change: () => void): void {
    if (this.#isClosed) return;
    if (this.isEnded) throw new Error('written after the end');
    if (this.body !== undefined) throw new Error('written twice');
    change();
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A channel whose other end is the test. */
export class MemoryChannel implements Channel {
  readonly sent: string[] = [];
  isClosed = false;
  onMessage: (message: string) => void = () => {};
  onClose: (error: Error) => void = () => {};
  #wake: (() => void)[] = [];

  send(message: string): void {
    if (this.isClosed) return;
    this.sent.push(message);
    for (const wake of this.#wake.splice(0)) wake();
  }
  async close(): Promise<void> {
    this.isClosed = true;
  }
  /** The client sends. */
  receive(message: unknown): void {
    this.onMessage(typeof message === 'string' ? message : JSON.stringify(message));
  }
  async has(count: number): Promise<Record<string, unknown>[]> {
    while (this.sent.length < count) await new Promise<void>((resolve) => this.#wake.push(resolve));
    return this.sent.map((text) => JSON.parse(text) as Record<string, unknown>);
  }
}

/** A promise and what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
}

export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** Lets every promise that is settled already run its course. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export const modernMeta = (extra: Record<string, unknown> = {}): Record<string, unknown> => ({
  [META.protocolVersion]: '2026-07-28',
  [META.clientCapabilities]: {},
  ...extra,
});

/** How long the one timer of an edge runs on, in ms, once nothing is in flight. */
export const SWEEP_MS = 10_000 / 16;

/** A modern POST whose headers agree with its body. */
export function modernPost(method: string, params: Record<string, unknown> = {}, id: unknown = 1): HttpRequestIn {
  const meta = modernMeta(params['_meta'] as Record<string, unknown> | undefined);
  const target = params['name'] ?? params['uri'] ?? params['taskId'];
  return {
    headers: {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof target === 'string' && { 'mcp-name': target }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params: { ...params, _meta: meta } }),
    caller: ALICE,
  };
}

/** A client of the HTTP edge, of either era. */
export class HttpClient {
  readonly endpoint: MemoryEndpoint;
  readonly edge: HttpEdge;
  readonly caller: Caller;
  headers: Record<string, string> = {};

  constructor(endpoint = new MemoryEndpoint(), edge = createHttpEdge(), caller = ALICE) {
    this.endpoint = endpoint;
    this.edge = edge;
    this.caller = caller;
  }

  modern(method: string, params?: Record<string, unknown>, id?: unknown): MemoryReply {
    return this.send(modernPost(method, params, id));
  }
  send(request: HttpRequestIn): MemoryReply {
    const reply = new MemoryReply();
    this.edge.post(this.endpoint, request, reply);
    return reply;
  }
  post(message: unknown, headers: Record<string, string> = {}): MemoryReply {
    const body = typeof message === 'string' ? message : JSON.stringify(message);
    return this.send({ headers: { ...this.headers, ...headers }, body, caller: this.caller });
  }
  request(method: string, params?: unknown, id: unknown = 1): MemoryReply {
    return this.post({ jsonrpc: '2.0', id, method, params });
  }
  notify(method: string, params?: unknown): MemoryReply {
    return this.post({ jsonrpc: '2.0', method, params });
  }
  get(headers: Record<string, string> = {}): MemoryReply {
    const reply = new MemoryReply();
    const request = {
      headers: { accept: 'text/event-stream', ...this.headers, ...headers },
      body: '',
      caller: this.caller,
    };
    this.edge.get(this.endpoint, request, reply);
    return reply;
  }
  delete(headers: Record<string, string> = {}): MemoryReply {
    const reply = new MemoryReply();
    this.edge.delete(this.endpoint, { headers: { ...this.headers, ...headers }, body: '', caller: this.caller }, reply);
    return reply;
  }
  /** Opens a legacy session, which later requests name. */
  async initialize(protocolVersion = '2025-11-25', capabilities: unknown = {}): Promise<MemoryReply> {
    const params = { protocolVersion, capabilities, clientInfo: { name: 'test', version: '1' } };
    const reply = await this.request('initialize', params, 'init').ended();
    const id = reply.headers['Mcp-Session-Id'];
    if (id !== undefined) this.headers = { 'mcp-session-id': id };
    return reply;
  }
}
