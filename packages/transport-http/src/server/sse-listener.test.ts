import { once } from 'node:events';
import type { Socket } from 'node:net';
import { request } from 'undici';
import { ForgeError } from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { createTestEndpoint, listen, rawRequest, readUntil } from './listening.fixture.ts';
import { createSseListener, type SseListenerOptions } from './sse-listener.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serve(options: Partial<SseListenerOptions> = {}) {
  const test = createTestEndpoint('one');
  const { endpoint: other } = createTestEndpoint('two');
  const listener = createSseListener({
    authenticate(req) {
      if (req.headers.authorization === undefined) throw new ForgeError('unauthenticated');
      return { id: req.headers.authorization };
    },
    endpoint: (path) => (path.startsWith('/other') ? other : test.endpoint),
    messagePath: (path) => path.replace('sse', 'message'),
    ...options,
  });
  const { server, port, url } = await listen((req, res) => {
    const path = (req.url ?? '').split('?', 1)[0] ?? '';
    if (path.endsWith('/sse')) listener.stream(req, res, path);
    else listener.message(req, res, path);
  });
  cleanups.push(async () => {
    await listener.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  /** Opens a stream; resolves with the connection and the URL for messages. */
  async function open(path = '/sse'): Promise<{ socket: Socket; messages: string; head: string }> {
    const socket = await rawRequest(
      port,
      `GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\nauthorization: Bearer a\r\n\r\n`,
    );
    cleanups.push(async () => socket.destroy());
    const head = await readUntil(socket, 'session_id=');
    return { socket, messages: /data: (\S+)/.exec(head)?.[1] ?? '', head };
  }

  async function post(path: string, body: string, headers: Record<string, string> = {}) {
    const { statusCode, body: answer } = await request(url + path, {
      method: 'POST',
      headers: { authorization: 'Bearer a', 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: statusCode, text: await answer.text() };
  }
  return { ...test, listener, port, url, open, post };
}

const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 'first',
  method: 'initialize',
  params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
});
const call = (name: string, id: number): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name } });

describe('a stream', () => {
  it('names the place for messages first, and then carries the answers', async () => {
    const { open, post } = await serve({ retryMs: 5000 });
    const { socket, messages, head } = await open();
    expect(head).toContain('content-type: text/event-stream');
    expect(head).toContain('event: endpoint\ndata: /message?session_id=');
    expect(messages).toMatch(/^\/message\?session_id=[0-9a-f]{32}$/);
    expect(await post(messages, INITIALIZE)).toEqual({ status: 202, text: '' });
    const first = await readUntil(socket, '"first"');
    expect(head + first).toContain(`${messages}\nretry: 5000\n\n`);
    expect(first).toMatch(/event: message\ndata: .*"protocolVersion":"2024-11-05"/);
    await post(messages, call('echo', 2));
    expect(await readUntil(socket, '"id":2')).toContain('"echo"');
  });

  it('that closes cancels its calls and ends the session', async () => {
    const { open, post, begun, cancelled, listener } = await serve();
    const { socket, messages } = await open();
    await post(messages, INITIALIZE);
    await readUntil(socket, '"first"');
    await post(messages, call('wait', 2));
    await begun;
    socket.destroy();
    await cancelled;
    expect(listener.streams).toBe(0);
    expect((await post(messages, call('echo', 3))).status).toBe(404);
  });

  it('serves the legacy era only', async () => {
    const { open, post } = await serve();
    const { socket, messages } = await open();
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    await post(messages, JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'server/discover', params: { _meta } }));
    expect(await readUntil(socket, '"id":7')).toContain('"error"');
  });

  it('hears comments while it is idle', async () => {
    const { open } = await serve({ keepAliveMs: 20 });
    const { socket } = await open();
    expect(await readUntil(socket, ':\n\n')).toContain(':\n\n');
  });

  it('is one of a bounded number', async () => {
    const { open, url } = await serve({ maxStreams: 1 });
    await open();
    const { statusCode, headers, body } = await request(`${url}/sse`, { headers: { authorization: 'Bearer a' } });
    expect(statusCode).toBe(503);
    expect(headers['retry-after']).toBe('5');
    await body.dump();
  });

  it('ends when the listener closes, which takes nothing new', async () => {
    const { open, post, listener, url } = await serve();
    const { socket, messages } = await open();
    await post(messages, INITIALIZE);
    await listener.close();
    await readUntil(socket, '0\r\n\r\n');
    const { statusCode, body } = await request(`${url}/sse`, { headers: { authorization: 'Bearer a' } });
    expect(statusCode).toBe(503);
    await body.dump();
  });
});

describe('a message', () => {
  it('of another caller or to another endpoint finds no session', async () => {
    const { open, post } = await serve();
    const { messages } = await open();
    expect((await post(messages, INITIALIZE, { authorization: 'Bearer b' })).status).toBe(404);
    expect((await post(`/other${messages}`, INITIALIZE)).status).toBe(404);
    expect((await post('/message', INITIALIZE)).status).toBe(404);
    expect((await post('/message?session_id=x', INITIALIZE)).status).toBe(404);
    expect((await post(messages, INITIALIZE)).status).toBe(202);
  });

  it.each([
    ['no JSON', '{', {}, 400],
    ['JSON of 10,000 levels', '['.repeat(10_000) + ']'.repeat(10_000), {}, 400],
    ['a body that is too large', 'x'.repeat(2000), {}, 413],
    ['another type', INITIALIZE, { 'content-type': 'text/plain' }, 415],
    ['a foreign Origin', INITIALIZE, { origin: 'http://evil.test' }, 403],
  ])('with %s is refused, and the session lives', async (_what, body, headers, status) => {
    const { open, post } = await serve({ maxBodyBytes: 30_000 });
    const { socket, messages } = await open();
    const sent = status === 413 ? body.repeat(100) : body;
    expect((await post(messages, sent, headers as Record<string, string>)).status).toBe(status);
    expect((await post(messages, INITIALIZE)).status).toBe(202);
    await readUntil(socket, '"first"');
  });
});

it('refuses other methods, other types and callers without credentials', async () => {
  const { url } = await serve();
  const ask = async (method: 'GET' | 'POST' | 'DELETE', path: string, headers = {}) => {
    const answer = await request(url + path, { method, headers: { authorization: 'Bearer a', ...headers } });
    await answer.body.dump();
    return { status: answer.statusCode, allow: answer.headers['allow'] };
  };
  expect(await ask('POST', '/sse')).toEqual({ status: 405, allow: 'GET' });
  expect(await ask('GET', '/message')).toEqual({ status: 405, allow: 'POST' });
  expect((await ask('GET', '/sse', { accept: 'application/json' })).status).toBe(406);
  const { statusCode, headers, body } = await request(`${url}/sse`);
  expect(statusCode).toBe(401);
  expect(headers['www-authenticate']).toBe('Bearer');
  await body.dump();
});
