import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Agent, request } from 'undici';
import { createHttpEdge, ForgeError } from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestEndpoint, deferred, listen, raw, rawRequest, readUntil, toolsCall } from './listening.fixture.ts';
import { createMcpListener, type McpListener, type McpListenerOptions } from './mcp-listener.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(options: Partial<McpListenerOptions> = {}) {
  const test = createTestEndpoint();
  const listener: McpListener = createMcpListener({
    authenticate(req) {
      if (req.headers.authorization === undefined) throw new ForgeError('unauthenticated');
      return { id: req.headers.authorization };
    },
    endpoint: (path) => (path === '/mcp' ? test.endpoint : undefined),
    closeGraceMs: 100,
    ...options,
  });
  const { server, port, url } = await listen((req, res) => {
    res.setHeader('access-control-expose-headers', 'Mcp-Session-Id');
    listener.handle(req, res, (req.url ?? '').split('?', 1)[0] ?? '');
  });
  const dispatcher = new Agent({ connections: 1, pipelining: 1 });
  cleanups.push(async () => {
    await dispatcher.destroy();
    await listener.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  type Init = { method?: string; headers?: Record<string, string>; body?: string | Buffer };
  async function send(init: Init, path = '/mcp') {
    const headers = { authorization: 'Bearer a', ...init.headers };
    const {
      statusCode,
      headers: answered,
      body,
    } = await request(url + path, {
      method: (init.method ?? 'POST') as 'POST',
      headers,
      body: init.body ?? null,
      dispatcher,
    });
    return { status: statusCode, headers: answered, text: await body.text() };
  }
  return { ...test, listener, server, port, send };
}

/** With the credentials of `serve`. */
function rawCall(name: string, headers: Record<string, string> = {}): string {
  const call = toolsCall(name);
  return raw({ ...call, headers: { ...call.headers, authorization: 'Bearer a', ...headers } });
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
const INITIALIZE = {
  headers: JSON_HEADERS,
  body: JSON.stringify({
    jsonrpc: '2.0',
    id: 0,
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
  }),
};

describe('a call', () => {
  it('is answered in plain JSON while nothing happens on the way', async () => {
    const { send } = await serve();
    const { status, headers, text } = await send(toolsCall('echo', { x: 'é' }));
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      'cache-control': 'no-store',
      'access-control-expose-headers': 'Mcp-Session-Id',
    });
    expect(JSON.parse(text)).toMatchObject({ id: 1, result: { echo: { name: 'echo', arguments: { x: 'é' } } } });
  });

  it('is answered by an event stream once a note came', async () => {
    const { send, listener } = await serve();
    const { headers, text } = await send(toolsCall('note'));
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const events = text
      .trim()
      .split('\n\n')
      .map((event) => JSON.parse(event.replace('data: ', '')) as object);
    expect(events).toMatchObject([{ method: 'notifications/message' }, { id: 1, result: {} }]);
    await expect.poll(() => listener.inFlight + listener.streams).toBe(0);
  });

  it('may come in many pieces', async () => {
    const { port } = await serve();
    const text = rawCall('echo', { connection: 'close' });
    const socket = await rawRequest(port, '');
    for (let at = 0; at < text.length; at += 200) {
      socket.write(text.slice(at, at + 200));
      await new Promise(setImmediate);
    }
    expect(await readUntil(socket)).toContain('"echo":{"name":"echo"');
  });

  it('works when the application answers later', async () => {
    const { endpoint } = createTestEndpoint();
    const { send } = await serve({
      authenticate: async () => ({ id: 'a' }),
      endpoint: async (path) => (path === '/mcp' ? endpoint : undefined),
    });
    expect((await send(toolsCall('echo'))).status).toBe(200);
    expect((await send(toolsCall('echo'), '/other')).status).toBe(404);
  });

  it('carries X-Upstream-Authorization on, and never its own credentials', async () => {
    const { send, upstreamAuthorizations } = await serve();
    const call = toolsCall('echo');
    await send(call);
    await send({ ...call, headers: { ...call.headers, 'x-upstream-authorization': 'Bearer theirs' } });
    expect(upstreamAuthorizations).toEqual([undefined, 'Bearer theirs']);
  });
});

describe('a legacy session', () => {
  it('opens, streams, and ends by DELETE', async () => {
    const { send, port, listener } = await serve();
    const opened = await send(INITIALIZE);
    const id = String(opened.headers['mcp-session-id']);
    expect(id).toMatch(/^[\x21-\x7E]+$/);
    const socket = await rawRequest(
      port,
      `GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nauthorization: Bearer a\r\nmcp-session-id: ${id}\r\n\r\n`,
    );
    expect(await readUntil(socket, '\r\n\r\n')).toContain('content-type: text/event-stream');
    expect(listener.streams).toBe(1);
    expect((await send({ method: 'DELETE', headers: { 'mcp-session-id': id } })).status).toBe(204);
    expect((await send({ method: 'DELETE', headers: { 'mcp-session-id': id } })).status).toBe(404);
    await expect.poll(() => listener.streams).toBe(0);
    socket.destroy();
  });

  it('goes on with the stream of a call on another connection, and says how soon to come back', async () => {
    const { send, port, release, listener } = await serve({ retryMs: 250 });
    const session = String((await send(INITIALIZE)).headers['mcp-session-id']);
    const headers = { ...JSON_HEADERS, authorization: 'Bearer a', 'mcp-session-id': session };
    const body = '{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"wait"}}';
    const calling = await rawRequest(port, raw({ method: 'POST', headers, body }));
    const said = await readUntil(calling, 'begun');
    const ids = [...said.matchAll(/^id: (.*)\r?$/gm)].map(([, id]) => id ?? '');
    expect(said).toContain(`id: ${ids[0]}\ndata: \nretry: 250\n\n`);
    expect(said.match(/retry:/g)).toHaveLength(1);
    calling.destroy();
    await expect.poll(() => listener.inFlight).toBe(0);
    const resume = (id: string): Promise<Socket> =>
      rawRequest(
        port,
        `GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nauthorization: Bearer a\r\n` +
          `mcp-session-id: ${session}\r\nlast-event-id: ${id}\r\n\r\n`,
      );
    const resumed = await resume(ids[0] ?? '');
    expect(await readUntil(resumed, 'begun')).toContain(`id: ${ids[1]}\n`);
    release();
    expect(await readUntil(resumed, '0\r\n\r\n')).toContain('"id":"c","result"');
    const late = await resume(ids[1] ?? '');
    expect(await readUntil(late, '0\r\n\r\n')).toContain('"id":"c","result"');
    expect(await readUntil(await resume('nonsense'), '"error"')).toContain('HTTP/1.1 400');
    await expect.poll(() => listener.inFlight).toBe(0);
    for (const socket of [resumed, late]) socket.destroy();
  });

  it('does not exist for another caller', async () => {
    const { send } = await serve();
    const id = String((await send(INITIALIZE)).headers['mcp-session-id']);
    const headers = { 'mcp-session-id': id, authorization: 'Bearer b' };
    expect((await send({ method: 'DELETE', headers })).status).toBe(404);
  });

  it('gets no stream beyond the bound, and is told when to come back', async () => {
    const { send } = await serve({ maxStreams: 0 });
    const id = String((await send(INITIALIZE)).headers['mcp-session-id']);
    const refused = await send({ method: 'GET', headers: { 'mcp-session-id': id, accept: 'text/event-stream' } });
    expect(refused.status).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
  });
});

describe('a request is refused', () => {
  const call = toolsCall('echo');
  const none = { authorization: '' };
  const withHeaders = (headers: Record<string, string>) => ({ ...call, headers: { ...call.headers, ...headers } });

  it.each([
    ['a foreign Origin, whatever else', { method: 'PUT', headers: { origin: 'http://evil.test' } }, 403, -32600],
    ['a foreign Host', withHeaders({ host: 'evil.test' }), 403, -32600],
    ['PUT', { method: 'PUT' }, 405, -32600],
    ['OPTIONS', { method: 'OPTIONS' }, 405, -32600],
    ['another Content-Type', withHeaders({ 'content-type': 'text/plain' }), 415, -32600],
    ['a form', withHeaders({ 'content-type': 'application/json-seq' }), 415, -32600],
    ['a compressed body', withHeaders({ 'content-encoding': 'gzip' }), 415, -32600],
    ['a body that is no JSON', { ...call, body: '{"jsonrpc":' }, 400, -32700],
    ['an empty body', { ...call, body: '' }, 400, -32700],
    ['JSON of 10,000 levels', { ...call, body: '['.repeat(10_000) + ']'.repeat(10_000) }, 400, -32700],
    ['bytes that are not UTF-8', { ...call, body: Buffer.from([0x22, 0xff, 0xfe, 0x22]) }, 400, -32700],
    ['long X-Upstream-Authorization', withHeaders({ 'x-upstream-authorization': 'x'.repeat(5000) }), 400, -32600],
    ['odd X-Upstream-Authorization', withHeaders({ 'x-upstream-authorization': 'a\tb' }), 400, -32600],
    ['an unknown session', { headers: { ...JSON_HEADERS, 'mcp-session-id': 'x' }, body: PING }, 404, -32001],
  ])('for %s', async (_what, init, status, code) => {
    const { send } = await serve();
    const answer = await send(init);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe('application/json');
    expect((JSON.parse(answer.text) as { error: object }).error).toMatchObject({ code });
    expect((await send(call)).status).toBe(200);
  });

  it('by 405 that names what is allowed, without a body for HEAD', async () => {
    const { send } = await serve();
    const answer = await send({ method: 'HEAD' });
    expect(answer).toMatchObject({ status: 405, text: '' });
    expect(answer.headers['allow']).toBe('GET, POST, DELETE');
    expect((await send({ method: 'PUT' })).text).toContain('PUT is not allowed here, only GET, POST, DELETE');
  });

  it('for missing credentials, before its body is read, let alone parsed', async () => {
    const { port } = await serve({ challenge: 'Bearer realm="forge"' });
    const socket = await rawRequest(
      port,
      'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{not json',
    );
    const answer = await readUntil(socket, '"error"');
    expect(answer).toContain('HTTP/1.1 401 Unauthorized');
    expect(answer).toContain('www-authenticate: Bearer realm="forge"');
    expect(answer).toContain('"id":null');
    socket.destroy();
  });

  it('without saying what went wrong inside', async () => {
    const { send } = await serve({
      authenticate: () => {
        throw new Error('the key is hunter2');
      },
    });
    const answer = await send({ ...call, headers: { ...call.headers, ...none } });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('hunter2');
  });

  it('for a path without an endpoint', async () => {
    const { send } = await serve();
    expect((await send(call, '/nowhere')).status).toBe(404);
  });

  it.each(['64 MB announced', '64 MB in chunks'])('for a body that is too large: %s', async (how) => {
    const { send, port } = await serve();
    const socket = await rawRequest(port, '');
    const length = 64 * 1024 * 1024;
    const size = how.endsWith('chunks') ? 'transfer-encoding: chunked' : `content-length: ${length}`;
    socket.write(
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer a\r\n${size}\r\n\r\n`,
    );
    const answer = readUntil(socket, '"error"');
    if (how.endsWith('announced')) await answer;
    const piece = Buffer.alloc(1024 * 1024, ' ');
    for (let sent = 0; sent < length; sent += piece.length) {
      const chunk = how.endsWith('chunks')
        ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')])
        : piece;
      if (!socket.write(chunk)) await once(socket, 'drain');
    }
    if (how.endsWith('chunks')) socket.write('0\r\n\r\n');
    expect(await answer).toContain('HTTP/1.1 413 Payload Too Large');
    // The connection lives.
    socket.write(rawCall('echo', { connection: 'close' }));
    expect(await readUntil(socket)).toContain('HTTP/1.1 200 OK');
    expect((await send(call)).status).toBe(200);
  });

  it('without taking in a body that never ends', async () => {
    const { port } = await serve();
    const socket = await rawRequest(
      port,
      'POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n',
    );
    expect(await readUntil(socket, '"error"')).toContain('401 Unauthorized');
    const piece = Buffer.concat([Buffer.from('100000\r\n'), Buffer.alloc(1024 * 1024, ' '), Buffer.from('\r\n')]);
    let sent = 0;
    const pump = (): void => {
      while (!socket.destroyed && sent < 500) {
        sent += 1;
        if (!socket.write(piece)) return;
      }
    };
    socket.on('drain', pump);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    pump();
    await closed;
    expect(sent).toBeLessThan(100);
  });

  it.each([
    ['header of 100 KB', `x-large: ${'x'.repeat(100_000)}`, '431'],
    ['Content-Length that is none', 'content-length: 12, 13', '400'],
    ['header with a control character', 'mcp-method: a\u0001b', '400'],
    ['second Host', 'host: evil.test', '400'],
  ])('for a %s', async (_what, header, status) => {
    const { port } = await serve();
    const socket = await rawRequest(
      port,
      `POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nauthorization: Bearer a\r\n${header}\r\n\r\n`,
    );
    expect(await readUntil(socket, '\r\n')).toContain(`HTTP/1.1 ${status}`);
    socket.destroy();
  });
});

describe('a client', () => {
  it('that vanishes while its call runs cancels it', async () => {
    const { port, begun, cancelled, listener } = await serve();
    const socket = await rawRequest(port, rawCall('wait'));
    await begun;
    socket.destroy();
    await cancelled;
    await expect.poll(() => listener.inFlight).toBe(0);
  });

  it.each(['POST', 'GET'])('that vanishes while its %s is authenticated leaves nothing behind', async (method) => {
    const asked = deferred<void>();
    const known = deferred<{ id: string }>();
    const left = deferred<void>();
    const { port, listener, upstreamAuthorizations } = await serve({
      authenticate(req) {
        req.socket.once('close', () => left.resolve());
        asked.resolve();
        return known.promise;
      },
    });
    const get = 'GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n';
    const socket = await rawRequest(port, method === 'GET' ? get : rawCall('echo'));
    await asked.promise;
    socket.destroy();
    await left.promise;
    known.resolve({ id: 'a' });
    await new Promise(setImmediate);
    expect(listener.inFlight).toBe(0);
    expect(upstreamAuthorizations).toEqual([]);
  });

  it('that does not read its stream is cut, and its call cancelled', async () => {
    const { port, cancelled, listener } = await serve({ maxBufferedBytes: 1_000_000 });
    const socket = await rawRequest(port, rawCall('flood'));
    socket.pause();
    await cancelled;
    await expect.poll(() => listener.inFlight).toBe(0);
    socket.destroy();
  });

  it('that reads gets one message of any size', async () => {
    const { send } = await serve({ maxBufferedBytes: 100_000 });
    const { text } = await send(toolsCall('big note'));
    expect(text.length).toBeGreaterThan(10_000_000);
    expect(text).toContain('"data":"after"');
    expect(text).toContain('"id":1');
  });

  it('that does not read a large answer is cut after a while', async () => {
    const { port, listener } = await serve({ stallMs: 50 });
    const socket = await rawRequest(port, rawCall('big answer'));
    socket.pause();
    await expect.poll(() => listener.inFlight, { timeout: 5000 }).toBe(1);
    await expect.poll(() => listener.inFlight, { timeout: 5000 }).toBe(0);
    socket.destroy();
  });

  it('hears no comments where there are to be none', async () => {
    const { port, release, begun } = await serve({ keepAliveMs: 0 });
    const socket = await rawRequest(port, rawCall('wait', { connection: 'close' }));
    await begun;
    await new Promise((resolve) => setTimeout(resolve, 50)); // a timer of 0 ms would have fired often
    release();
    expect(await readUntil(socket)).not.toContain(':\n\n');
  });

  it('with an idle stream hears comments', async () => {
    const { port, release } = await serve({ keepAliveMs: 20 });
    const socket = await rawRequest(port, rawCall('wait', { connection: 'close' }));
    await readUntil(socket, ':\n\n');
    release();
    expect(await readUntil(socket)).toContain('"id":1');
  });
});

describe('a call that says nothing', () => {
  it.each([
    ['legacy', /id: [0-9a-f]{8}-1-0-1\ndata: \n\n/],
    ['modern', /\r\n\r\n/],
  ])('of a %s client gets its stream after a while, and comments on it', async (era, begins) => {
    const { send, port, release, begun } = await serve({
      keepAliveMs: 20,
      edge: createHttpEdge({ streams: { silentMs: 50 } }),
    });
    const session = String((await send(INITIALIZE)).headers['mcp-session-id']);
    const headers = { ...JSON_HEADERS, authorization: 'Bearer a', 'mcp-session-id': session };
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait silently"}}';
    const request = era === 'modern' ? rawCall('wait silently') : raw({ method: 'POST', headers, body });
    const socket = await rawRequest(port, request);
    await begun;
    const head = await readUntil(socket, ':\n\n');
    expect(head).toContain('content-type: text/event-stream');
    expect(head).toMatch(begins);
    if (era === 'modern') expect(head).not.toContain('id:');
    release();
    expect(await readUntil(socket, '0\r\n\r\n')).toContain('"id":1,"result"');
    socket.destroy();
  });
});

describe('close', () => {
  it('lets calls finish, ends streams that only listen, and refuses what is new', async () => {
    const { send, port, begun, release, listener } = await serve({ closeGraceMs: 5000 });
    const call = toolsCall('echo');
    const listening = await rawRequest(
      port,
      raw({
        ...call,
        headers: {
          ...call.headers,
          authorization: 'Bearer a',
          'mcp-method': 'subscriptions/listen',
        },
        body: call.body
          .replace('"tools/call"', '"subscriptions/listen"')
          .replace('"params":{', '"params":{"notifications":{},'),
      }),
    );
    expect(await readUntil(listening, 'acknowledged')).toContain('text/event-stream');
    const session = String((await send(INITIALIZE)).headers['mcp-session-id']);
    const headers = { ...JSON_HEADERS, authorization: 'Bearer a', 'mcp-session-id': session };
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}';
    const calling = await rawRequest(port, raw({ method: 'POST', headers, body }));
    await begun;
    const closed = listener.close();
    const refused = await send(call);
    expect(refused.status).toBe(503);
    expect(refused.headers['connection']).toBe('close');
    release();
    expect(await readUntil(calling, '"id":1')).toContain('"result"');
    expect(await readUntil(listening, '"id":1')).toContain('"result"');
    await closed;
    expect(listener.inFlight).toBe(0);
    calling.destroy();
    listening.destroy();
  });

  it.each([
    ['in plain JSON', 'wait silently', 'application/json'],
    ['at the end of its stream', 'wait', 'text/event-stream'],
  ])('tells a call that does not finish in time so, %s', async (_, tool, type) => {
    const { port, begun, cancelled, listener } = await serve({ closeGraceMs: 20 });
    const socket = await rawRequest(port, rawCall(tool, { connection: 'close' }));
    await begun;
    await Promise.all([listener.close(), listener.close()]);
    await cancelled;
    await expect.poll(() => listener.inFlight).toBe(0);
    const answer = await readUntil(socket);
    expect(answer).toContain(`content-type: ${type}`);
    expect(answer).toMatch(/"id":1,"error":\{"code":-32603,"message":"The server closed before the call ended;/);
    socket.destroy();
  });
});
