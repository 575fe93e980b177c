/** @module A server of WebSockets with an endpoint for tests, and bare clients of it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type Endpoint, type Exchange, ForgeError, JsonText, META, type Outcome } from '@forge/protocol';
import { onTestFinished } from 'vitest';
import { WebSocket, type ClientOptions } from 'ws';
import { acceptUpgrades } from './upgrades.ts';
import { createWsListener, type WsListener, type WsListenerOptions } from './ws-listener.ts';

const EMPTY = JsonText.of({ resultType: 'complete', content: [] });

/** A promise and the way to resolve it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A server with one endpoint at `/ws`; both end with the test. */
export async function serve(options: Partial<WsListenerOptions> = {}) {
  const begun = deferred<void>();
  const released = deferred<void>();
  const cancelled = deferred<string | undefined>();
  const upstreamAuthorizations: (string | undefined)[] = [];

  async function handle(
    target: string | undefined,
    params: JsonText | undefined,
    exchange: Exchange,
  ): Promise<Outcome> {
    exchange.onCancel(cancelled.resolve);
    if (target === 'echo') return { era: 'modern', result: EMPTY.with({ echo: params?.text }) };
    if (target === 'big') return { era: 'modern', result: EMPTY.with({ text: JSON.stringify('x'.repeat(1_000_000)) }) };
    if (target === 'note') exchange.note('notifications/message', JsonText.of({ level: 'info', data: 'noted' }));
    if (target === 'wait') {
      begun.resolve();
      await Promise.race([released.promise, cancelled.promise]);
    }
    return { era: 'modern', result: EMPTY };
  }

  const endpoint: Endpoint = {
    key: 'test',
    describe: () => ({
      serverInfo: JsonText.of({ name: 'test', version: '1' }),
      capabilities: JsonText.of({ tools: {} }),
      ttlMs: 0,
      cacheScope: 'private',
    }),
    handle({ method, target, params, client }, exchange) {
      upstreamAuthorizations.push(client.upstreamAuthorization);
      if (method === 'tools/list') return Promise.resolve({ era: 'modern', result: EMPTY.with({ tools: '[]' }) });
      return handle(target, params, exchange);
    },
    paramHeaders: () => undefined,
    listen: () => ({ update() {}, close() {} }),
    sessionEnded() {},
  };
  const listener = createWsListener({
    authenticate({ headers }) {
      if (headers.authorization === undefined) throw new ForgeError('unauthenticated');
      return { id: headers.authorization };
    },
    endpoint: () => endpoint,
    checkOrigin({ origin }) {
      if (origin !== undefined) throw new ForgeError('origin_not_allowed');
    },
    closeGraceMs: 1000,
    ...options,
  });
  const server = createServer((req, res) => {
    if (req.url === '/ws') listener.handle(req, res);
    else void answer(req).then((text) => res.end(text));
  });
  acceptUpgrades(server, ({ url }) => (url?.startsWith('/ws') ? (...it) => listener.upgrade(...it, '/ws') : undefined));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => end(listener, server));
  const { port } = server.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}/ws`;
  return {
    listener,
    endpoint,
    server,
    port,
    url,
    begun: begun.promise,
    release: released.resolve,
    cancelled: cancelled.promise,
    upstreamAuthorizations,
  };
}

async function answer(req: AsyncIterable<Buffer> & { readonly method?: string | undefined }): Promise<string> {
  let body = '';
  for await (const chunk of req) body += chunk.toString();
  return `${req.method} without an upgrade: ${body}`;
}

async function end(listener: WsListener, server: ReturnType<typeof createServer>): Promise<void> {
  await listener.close();
  server.closeAllConnections();
  server.close();
}

/** A client that remembers what it was sent. */
export class TestClient {
  readonly ws: WebSocket;
  readonly received: Record<string, unknown>[] = [];
  /** Code and reason. */
  readonly closed: Promise<readonly [number, string]>;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data: Buffer) => this.received.push(JSON.parse(data.toString()) as Record<string, unknown>));
    ws.on('error', () => {}); // `closed` tells
    this.closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => resolve([code, reason.toString()]));
    });
  }

  send(message: object): void {
    this.ws.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** A modern `tools/call`. */
  call(name: string, id: number | string = 1): void {
    const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {}, [META.logLevel]: 'debug' };
    this.send({ id, method: 'tools/call', params: { name, _meta } });
  }

  /** The first `count` messages. */
  async first(count: number): Promise<Record<string, unknown>[]> {
    while (this.received.length < count) await once(this.ws, 'message');
    return this.received.slice(0, count);
  }
}

/** Opens a socket with a credential; it ends with the test. */
export async function open(url: string, options: ClientOptions = {}, protocols: string[] = []): Promise<TestClient> {
  const ws = new WebSocket(url, protocols, { headers: { authorization: 'alice' }, ...options });
  onTestFinished(() => ws.terminate());
  const client = new TestClient(ws);
  await once(ws, 'open');
  return client;
}

/** What answers a handshake that is refused. */
export async function refusal(url: string, options: ClientOptions) {
  const ws = new WebSocket(url, options);
  ws.on('error', () => {}); // that it was refused
  const [, response] = (await once(ws, 'unexpected-response')) as [
    unknown,
    AsyncIterable<Buffer> & { statusCode: number; headers: Record<string, string> },
  ];
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  return {
    status: response.statusCode,
    headers: response.headers,
    body: JSON.parse(text) as { error: { code: number; message: string } },
  };
}

/** A connection that has sent a text. */
export async function raw(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {}); // resets are what some tests provoke
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

/** A handshake by hand. */
export const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nhost: localhost\r\nauthorization: alice\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

/** What a connection yields until it ends or `mark` has come. */
export async function readUntil(socket: Socket, mark?: string): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1');
    if (mark !== undefined && text.includes(mark)) break;
  }
  return text;
}
