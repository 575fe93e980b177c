/** @module A hand-written MCP server on loopback for each behaviour that an upstream may show; for tests. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Answer, Ask, Client, Exchange, ExchangeRequest, UpstreamEvents } from '@forge/protocol';
import { JsonText } from '@forge/protocol';

/** One HTTP request, with its JSON-RPC message if it has one. */
export interface Hit {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly message: RpcMessage;
  readonly response: ServerResponse;
}

/** A message, read loosely. */
export interface RpcMessage {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { code: number; message: string };
}

/** What the server does with a request. */
export type Handler = (hit: Hit) => void;

/** A server. POSTs go to the handler of their JSON-RPC method, others to that of their HTTP method. */
export class TestServer {
  readonly hits: Hit[] = [];
  readonly handlers = new Map<string, Handler>();
  readonly #http: Server;
  readonly #sockets = new Set<Socket>();
  #waiters: (() => void)[] = [];
  connections = 0;

  constructor() {
    this.#http = createServer((request, response) => void this.#serve(request, response));
    this.#http.on('connection', (socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  async start(port = 0): Promise<this> {
    this.#http.listen(port, '127.0.0.1');
    await once(this.#http, 'listening');
    return this;
  }

  /** Cuts every connection and frees the port. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#http.close();
    await once(this.#http, 'close');
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/mcp`;
  }

  /** Requests of a JSON-RPC or HTTP method, in their order. */
  of(method: string): Hit[] {
    return this.hits.filter((hit) => hit.message.method === method || hit.method === method);
  }

  /** Waits for the next request of this method, or has it already. */
  async got(method: string, count = 1): Promise<Hit> {
    for (;;) {
      const hit = this.of(method)[count - 1];
      if (hit !== undefined) return hit;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
    const message = (body === '' ? {} : JSON.parse(body)) as RpcMessage;
    const hit: Hit = { method, path: url, headers, message, response };
    this.hits.push(hit);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
    const isNote = method === 'POST' && (message.id === undefined || message.method === undefined);
    const key = method === 'POST' ? (message.method ?? 'answer') : method;
    const handler = this.handlers.get(key);
    if (handler !== undefined) handler(hit);
    else if (isNote) response.writeHead(202).end();
    else if (method === 'POST') json(hit, { error: { code: -32601, message: 'unknown method' } }, 404);
    else response.writeHead(405).end();
  }
}

/** Answers by JSON. */
export function json(
  { message, response }: Hit,
  answer: object,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
}

/** Begins an event stream. */
export function events({ response }: Hit, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.flushHeaders();
}

/** Sends one message as an event. */
export function event({ response }: Hit, message: object, id?: string): void {
  if (id !== undefined) response.write(`id: ${id}\n`);
  response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
}

/** A modern server. */
export function modernServer(capabilities: object = {}): TestServer {
  const server = new TestServer();
  const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities };
  server.handlers.set('server/discover', (hit) => json(hit, { result }));
  return server;
}

/** A legacy server with sessions, which knows those it has issued. */
export function legacyServer(capabilities: object = {}): TestServer & { readonly sessions: Set<string> } {
  const sessions = new Set<string>();
  const server = Object.assign(new TestServer(), { sessions });
  const unknown = (hit: Hit) =>
    json({ ...hit, message: {} }, { id: null, error: { code: -32000, message: 'no session' } }, 400);
  server.handlers.set('server/discover', unknown);
  server.handlers.set('initialize', (hit) => {
    const id = `session-${sessions.size + 1}-${Math.random().toString(36).slice(2)}`;
    sessions.add(id);
    const serverInfo = { name: 'legacy', version: '1' };
    json(hit, { result: { protocolVersion: '2025-11-25', capabilities, serverInfo } }, 200, { 'mcp-session-id': id });
  });
  server.handlers.set('DELETE', (hit) => {
    sessions.delete(String(hit.headers['mcp-session-id']));
    hit.response.writeHead(200).end();
  });
  return server;
}

/** Lets a handler of a legacy server run only on a session that exists; otherwise 404. */
export function inSession(server: { readonly sessions: Set<string> }, handler: Handler): Handler {
  return (hit) => {
    if (server.sessions.has(String(hit.headers['mcp-session-id']))) handler(hit);
    else hit.response.writeHead(404).end();
  };
}

/** The client's side of one call, which remembers what it was told. */
export class TestExchange implements Exchange {
  readonly notes: { method: string; params: unknown }[] = [];
  readonly asks: Ask[] = [];
  cancelled = false;
  answer: Promise<Answer> = Promise.resolve({ result: new JsonText('{"action":"accept"}') });
  #onCancel: ((reason: string | undefined) => void) | undefined;

  note(method: string, params: JsonText | undefined): void {
    this.notes.push({ method, params: params?.value });
  }

  ask(ask: Ask): Promise<Answer> {
    this.asks.push(ask);
    return this.answer;
  }

  onCancel(listener: (reason: string | undefined) => void): void {
    this.#onCancel = listener;
  }

  cancel(reason?: string): void {
    this.cancelled = true;
    this.#onCancel?.(reason);
  }
}

/** Events that remember what happened, and can be waited for. */
export class TestEvents implements UpstreamEvents {
  readonly log: string[] = [];
  #waiters: (() => void)[] = [];

  listChanged(kind: string): void {
    this.#add(`${kind} changed`);
  }

  resourceUpdated(uri: string): void {
    this.#add(`${uri} updated`);
  }

  taskChanged(taskId: string, params: JsonText): void {
    this.#add(`${taskId} ${params.text}`);
  }

  sessionNote(sessionId: string, method: string): void {
    this.#add(`${sessionId} noted ${method}`);
  }

  async sessionAsk(sessionId: string, ask: Ask): Promise<Answer> {
    this.#add(`${sessionId} asked ${ask.method}`);
    return { result: new JsonText('{"roots":[]}') };
  }

  lost(error: Error): void {
    this.#add(`lost: ${error.message}`);
  }

  async until(entry: RegExp): Promise<void> {
    while (!this.log.some((line) => entry.test(line))) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #add(entry: string): void {
    this.log.push(entry);
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}

/** A client of either era. */
export function testClient(over: Partial<Client> = {}): Client {
  const era = over.era ?? 'modern';
  return {
    era,
    protocolVersion: era === 'modern' ? '2026-07-28' : '2025-11-25',
    caller: { id: 'alice' },
    capabilities: new JsonText('{}'),
    ...over,
  };
}

/** A call of the tool `name`. */
export function toolCall(
  name: string,
  client: Client = testClient(),
  over: Partial<ExchangeRequest> & { readonly arguments?: object } = {},
): ExchangeRequest {
  const { arguments: args = {}, ...rest } = over;
  return { method: 'tools/call', params: JsonText.of({ name, arguments: args }), target: name, client, ...rest };
}
