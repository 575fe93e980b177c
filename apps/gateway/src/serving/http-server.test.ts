import { once } from 'node:events';
import { connect } from 'node:net';
import { createHttpEdge, type Endpoint, JsonText } from '@forge/protocol';
import { Hono } from 'hono';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { loadSettings } from '../config/load.ts';
import { createHttpServer } from './http-server.ts';

const endpoint: Endpoint = {
  key: '*',
  describe: () => ({
    serverInfo: JsonText.of({ name: 'test', version: '1' }),
    capabilities: JsonText.of({ tools: {} }),
    ttlMs: 0,
    cacheScope: 'private',
  }),
  handle: async () => ({ era: 'modern', result: JsonText.of({ resultType: 'complete', tools: [] }) }),
  paramHeaders: () => undefined,
  listen: () => ({ update() {}, close() {} }),
  sessionEnded() {},
};

async function serve(environment: Readonly<Record<string, string>>): Promise<string> {
  const { settings } = loadSettings({ environment: { PORT: '0', SHUTDOWN_TIMEOUT: '0', ...environment } });
  const server = createHttpServer(settings, {
    authenticate: () => ({ id: 'alice', admin: true }),
    endpoint: () => endpoint,
    edge: createHttpEdge(),
    api: new Hono().all('*', (context) => context.text('the API', 200)),
  });
  const url = await server.listen();
  onTestFinished(() => server.close());
  return url;
}

/** The status of a handshake; 101 when it is one. */
async function handshake(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const ws = new WebSocket(url.replace('http', 'ws'), { headers });
  onTestFinished(() => ws.terminate());
  ws.on('error', () => {}); // that it was refused
  return new Promise((resolve) => {
    ws.once('open', () => resolve(101));
    ws.once('unexpected-response', (_, response) => resolve(response.statusCode ?? 0));
  });
}

const PATHS = ['/mcp', '/servers/a/mcp', '/sse', '/message', '/ws', '/v1/servers/a/ws'];

describe('TRANSPORT_TYPE', () => {
  it.each([
    ['all', PATHS],
    ['streamablehttp', ['/mcp', '/servers/a/mcp']],
    ['http', ['/mcp', '/servers/a/mcp']],
    ['sse', ['/sse', '/message']],
    ['ws', ['/ws', '/v1/servers/a/ws']],
    ['WebSocket, SSE', ['/sse', '/message', '/ws', '/v1/servers/a/ws']],
    ['["streamable-http","ws"]', ['/mcp', '/servers/a/mcp', '/ws', '/v1/servers/a/ws']],
  ])('%s serves its paths, and says of the others why they are not there', async (TRANSPORT_TYPE, served) => {
    const url = await serve({ TRANSPORT_TYPE });
    for (const path of PATHS) {
      const answer = await fetch(url + path, { method: 'PUT' });
      const expected = path.endsWith('ws') ? 426 : 405;
      expect([path, answer.status]).toEqual([path, served.includes(path) ? expected : 404]);
      const { error } = (await answer.json()) as { error: { message: string } };
      if (!served.includes(path)) expect(error.message).toMatch(/turned off: TRANSPORT_TYPE is /);
    }
    expect(await handshake(`${url}/ws`)).toBe(served.includes('/ws') ? 101 : 404);
    expect(await (await fetch(`${url}/rpc`)).text()).toBe('the API');
  });

  it('tells pages of elsewhere nothing', async () => {
    const url = await serve({ TRANSPORT_TYPE: 'sse' });
    for (const path of PATHS) {
      expect((await fetch(url + path, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    }
  });
});

describe('WebSocket', () => {
  it('is for pages that may call, and for clients that are none', async () => {
    const url = await serve({ ALLOWED_ORIGINS: 'https://good.example' });
    expect(await handshake(`${url}/ws`)).toBe(101);
    expect(await handshake(`${url}/ws`, { origin: 'https://good.example' })).toBe(101);
    expect(await handshake(`${url}/ws`, { origin: url })).toBe(101);
    expect(await handshake(`${url}/ws`, { origin: 'https://evil.example' })).toBe(403);
    expect(await handshake(`${url}/ws`, { host: 'evil.example' })).toBe(403);
  });

  it('is nowhere else: such a request is answered as any other', async () => {
    const url = await serve({});
    expect(await handshake(`${url}/health`)).toBe(200);
    expect(await handshake(`${url}/mcp`)).toBe(405);
  });

  it.each([
    ['pings its clients', '1', 'ping'],
    ['closes when the gateway ends', '30', 'close'],
  ])('%s', async (_, WEBSOCKET_PING_INTERVAL, event) => {
    const { settings } = loadSettings({ environment: { PORT: '0', SHUTDOWN_TIMEOUT: '1', WEBSOCKET_PING_INTERVAL } });
    const api = new Hono();
    const authenticate = () => ({ id: 'alice', admin: true });
    const server = createHttpServer(settings, { authenticate, endpoint: () => endpoint, edge: createHttpEdge(), api });
    const ws = new WebSocket(`${(await server.listen()).replace('http', 'ws')}/ws`);
    await once(ws, 'open');
    const heard = once(ws, event);
    if (event === 'ping') await heard;
    await server.close();
    if (event === 'close') expect(((await heard) as [number])[0]).toBe(1001);
  });
});

it('a client that offers HTTP/2 with its request is answered over HTTP/1.1', async () => {
  const { port } = new URL(await serve({}));
  const socket = connect(Number(port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  const body =
    '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}';
  socket.write(
    `POST /mcp HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n` +
      `content-type: application/json\r\naccept: application/json, text/event-stream\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK[^]*mcp-session-id: /i);
});

describe('what is refused before anything reads it', () => {
  const HOST = 'host: localhost\r\n';

  /** What a connection brings in answer to exactly this, until its end. */
  async function tell(text: string, { early = 0 } = {}): Promise<string> {
    const { port } = new URL(await serve({}));
    const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8');
    onTestFinished(() => void socket.destroy());
    let answer = '';
    socket.on('data', (chunk: string) => (answer += chunk)).on('error', () => {}); // the server ends it
    socket.write(text.slice(0, early || undefined));
    if (early > 0) {
      await once(socket, 'data');
      socket.write(text.slice(early));
    }
    await once(socket, 'close');
    return answer;
  }

  it.each([
    ['an unknown method', `FOO /mcp HTTP/1.1\r\n${HOST}\r\n`, 400, /no HTTP request: Invalid method/],
    ['another protocol', '\u0016\u0003\u0001\r\n\r\n', 400, /no HTTP request/],
    [
      'two lengths',
      `POST /rpc HTTP/1.1\r\n${HOST}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n`,
      400,
      /HTTP/,
    ],
    [
      'a broken chunk',
      `POST /mcp HTTP/1.1\r\n${HOST}content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n`,
      400,
      /chunk size/,
    ],
    [
      'headers without end',
      `GET / HTTP/1.1\r\n${HOST}x: ${'x'.repeat(33 * 1024)}\r\n\r\n`,
      431,
      /more than 32768 bytes/,
    ],
  ])('%s is answered in the shape of every error', async (_, text, status, why) => {
    const answer = await tell(text);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*content-type: application/json`, 'i'));
    const { error, detail } = JSON.parse(body) as { error: { message: string }; detail: string };
    expect(detail).toMatch(why);
    expect(error).toMatchObject({ code: expect.any(String), message: detail, id: expect.any(String) });
  });

  it('adds nothing to an answer that has begun', async () => {
    const stream = `GET /sse HTTP/1.1\r\n${HOST}accept: text/event-stream\r\n\r\n`;
    const answer = await tell(`${stream}FOO / HTTP/1.1\r\n\r\n`, { early: stream.length });
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*event: endpoint/);
    expect(answer).not.toContain('HTTP/1.1 400');
  });

  it('a page of elsewhere is told so in that shape as well', async () => {
    const answer = await fetch(`${await serve({})}/gateways`, { headers: { origin: 'https://evil.example' } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'application/json']);
    const message = 'This Origin or Host is not allowed';
    expect(await answer.json()).toMatchObject({ error: { code: 'origin_not_allowed', message }, detail: message });
  });
});
