/** @module A server with an endpoint for the tests of the listeners, and ways to talk to it. */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type Endpoint, JsonText, META, type Outcome } from '@forge/protocol';

const EMPTY = JsonText.of({ resultType: 'complete' });

/** A promise and the way to resolve it. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** An endpoint whose tools do what hostile weather needs. */
export function createTestEndpoint(key = 'test') {
  const released = deferred<void>();
  /** Resolves with the reason when a call was cancelled. */
  const cancelled = deferred<string | undefined>();
  /** Resolves when a call of `wait` or `flood` has begun. */
  const begun = deferred<void>();
  const upstreamAuthorizations: (string | undefined)[] = [];
  const done: Outcome = { era: 'modern', result: EMPTY };

  const endpoint: Endpoint = {
    key,
    describe: () => ({
      serverInfo: JsonText.of({ name: 'test', version: '1' }),
      capabilities: JsonText.of({ tools: { listChanged: true } }),
      ttlMs: 0,
      cacheScope: 'private',
    }),
    async handle({ target, client, params }, exchange) {
      upstreamAuthorizations.push(client.upstreamAuthorization);
      const note = (text: string): void =>
        exchange.note('notifications/message', JsonText.of({ level: 'info', data: text }));
      exchange.onCancel(cancelled.resolve);
      switch (target) {
        case 'echo':
          return { era: 'modern', result: EMPTY.with({ echo: params?.text }) };
        case 'note':
          note('first');
          return done;
        case 'big note':
          note('x'.repeat(10_000_000));
          note('after');
          return done;
        case 'wait silently':
          begun.resolve();
          await Promise.race([released.promise, cancelled.promise]);
          return done;
        case 'wait':
          note('begun');
          begun.resolve();
          await Promise.race([released.promise, cancelled.promise]);
          return done;
        case 'flood':
          begun.resolve();
          while (!exchange.cancelled) {
            note('x'.repeat(100_000));
            await new Promise(setImmediate);
          }
          return done;
        case 'big answer':
          return { era: 'modern', result: EMPTY.with({ text: JSON.stringify('x'.repeat(20_000_000)) }) };
        default:
          return { era: 'modern', error: { code: -32602, message: 'Unknown tool' } };
      }
    },
    paramHeaders: () => undefined,
    listen: () => ({ update() {}, close() {} }),
    sessionEnded() {},
  };
  return {
    endpoint,
    release: released.resolve,
    cancelled: cancelled.promise,
    begun: begun.promise,
    upstreamAuthorizations,
  };
}

/** Starts a server on loopback. */
export async function listen(handler: RequestListener): Promise<{ server: Server; port: number; url: string }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${port}` };
}

/** A POST. */
export interface Post {
  readonly method: 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A modern `tools/call`. */
export function toolsCall(name: string, args: object = {}, id = 1): Post {
  const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: {}, [META.logLevel]: 'debug' };
  return {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args, _meta } }),
  };
}

/** A bare connection that has sent `text`. */
export async function rawRequest(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.on('error', () => {}); // resets are what some tests provoke
  socket.write(text);
  return socket;
}

/** What a connection yields until it ends or, if given, until `mark` has come. */
export async function readUntil(socket: Socket, mark?: string): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (mark !== undefined && text.includes(mark)) break;
  }
  return text;
}

/** The same request as raw text. */
export function raw({ method, headers, body }: Post, path = '/mcp'): string {
  const fields = Object.entries({ host: 'localhost', 'content-length': Buffer.byteLength(body), ...headers });
  return `${method} ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}
