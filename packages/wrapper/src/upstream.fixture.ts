/** @module A hand-made MCP server of either era on loopback, which counts what it is asked and makes trouble; for tests. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: { readonly text?: string; readonly ms?: number } };
  readonly result?: unknown;
}

/** How it speaks. */
export type Speech = 'modern' | 'legacy' | 'sse';

/** The server. Tools: `echo` (text), `slow` (text, ms), `ask` (asks the client for its roots; legacy). */
export class TestUpstream {
  /** Every `tools/call`, by the text it was called with. */
  readonly calls: string[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  readonly sessions = new Set<string>();
  /** Looks at each request first; `true` when it has answered. */
  guard: ((req: IncomingMessage, res: ServerResponse) => boolean) | undefined;
  readonly #speech: Speech;
  readonly #tls: { readonly key: string; readonly cert: string } | undefined;
  #server: Server | undefined;
  #port = 0;
  #stream: ServerResponse | undefined;
  #answer: ((result: unknown) => void) | undefined;
  #waiters: (() => void)[] = [];

  /** @param tls serves https */
  constructor(speech: Speech, tls?: { readonly key: string; readonly cert: string }) {
    this.#speech = speech;
    this.#tls = tls;
  }

  get url(): string {
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${this.#port}/${this.#speech === 'sse' ? 'sse' : 'mcp'}`;
  }

  /** On the same port each time. Sessions of before are forgotten. */
  async start(): Promise<this> {
    this.sessions.clear();
    const serve = (req: IncomingMessage, res: ServerResponse): void => void this.#serve(req, res);
    this.#server = this.#tls ? createTlsServer(this.#tls, serve) : createServer(serve);
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Cuts every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  /** Waits until so many calls have come. */
  async called(count: number): Promise<void> {
    while (this.calls.length < count) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async #serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.headers.push(req.headers);
    if (this.guard?.(req, res) === true) return;
    const body = await text(req).catch(() => ''); // whoever leaves has said nothing
    if (req.method === 'GET' && this.#speech === 'sse') this.#open(res);
    else if (req.method === 'DELETE') res.writeHead(200).end();
    else if (req.method === 'POST' && req.url !== '/sse') await this.#post(JSON.parse(body) as Message, req, res);
    else res.writeHead(405).end();
  }

  /** HTTP+SSE. */
  #open(res: ServerResponse): void {
    this.#stream = res;
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('event: endpoint\ndata: /message\n\n');
  }

  async #post(message: Message, req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (message.method === undefined) this.#answer?.(message.result);
    if (message.id === undefined || message.method === undefined) return void res.writeHead(202).end();
    if (this.#speech === 'sse') {
      res.writeHead(202).end();
      this.#stream?.write(
        `data: ${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...(await this.#answerTo(message)) })}\n\n`,
      );
      return;
    }
    const session = String(req.headers['mcp-session-id'] ?? '');
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.#speech === 'legacy' && message.method === 'initialize') {
      headers['mcp-session-id'] = `session-${Math.random()}`;
      this.sessions.add(headers['mcp-session-id']);
    } else if (this.#speech === 'legacy' && !this.sessions.has(session)) {
      return void res.writeHead(session === '' ? 400 : 404).end();
    }
    if (message.params?.name === 'ask') return this.#ask(message, res);
    const answer = await this.#answerTo(message);
    res.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
  }

  async #answerTo({ method, params }: Message): Promise<object> {
    const type = this.#speech === 'modern' ? { resultType: 'complete' } : {};
    const capabilities = { tools: { listChanged: true } };
    if (method === 'server/discover' && this.#speech === 'modern') {
      return { result: { ...type, supportedVersions: ['2026-07-28'], capabilities } };
    }
    if (method === 'initialize' && this.#speech !== 'modern') {
      return { result: { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 'test', version: '1' } } };
    }
    if (method === 'tools/list') {
      const tools = ['echo', 'slow', 'ask'].map((name) => ({ name, inputSchema: { type: 'object' } }));
      return { result: { ...type, tools } };
    }
    if (method !== 'tools/call') return { error: { code: -32601, message: 'Unknown method' } };
    const { text: said = '', ms } = params?.arguments ?? {};
    this.calls.push(said);
    for (const resolve of this.#waiters.splice(0)) resolve();
    if (ms !== undefined) await new Promise((resolve) => setTimeout(resolve, ms));
    return { result: { ...type, content: [{ type: 'text', text: said }] } };
  }

  #ask({ id }: Message, res: ServerResponse): void {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (message: object): void =>
      void res.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
    this.#answer = (result) => {
      send({ id, result: { content: [{ type: 'text', text: JSON.stringify(result) }] } });
      res.end();
    };
    send({ id: 'q1', method: 'roots/list' });
  }
}
