import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { JsonText, type Outcome } from '@forge/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serverOf, TestExchange, upstreamAt } from './server.fixture.ts';
import { wsUpstream } from './ws-upstream.ts';

const codeOf = ({ error }: Outcome) => (error?.data?.value as { code?: string } | undefined)?.code;

describe('a server of either era', () => {
  it.each(['modern', 'legacy'] as const)('is found out and called: %s', async (era) => {
    const server = await serverOf(era);
    const { upstream, call } = upstreamAt(server.url);
    expect(await upstream.connect()).toMatchObject({ era, transport: 'websocket' });
    const { result } = await call('a');
    expect(result?.value).toMatchObject({ params: { name: 'a' } });
    expect(server.connections).toHaveLength(1);
    expect(server.connections[0]?.headers['sec-websocket-protocol']).toBe('mcp');
  });

  it('tells of progress, is cancelled, and says when its lists change', async () => {
    const server = await serverOf('legacy');
    server.scripts.set('tools/call', ({ params }, { ws }) => {
      const progressToken = (params?.['_meta'] as { progressToken?: number } | undefined)?.progressToken;
      const send = (message: object) => ws.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
      send({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
      send({ method: 'notifications/tools/list_changed' });
      return undefined;
    });
    const { upstream, call, changes } = upstreamAt(server.url);
    await upstream.connect();
    const exchange = new TestExchange();
    const outcome = call('slow', {}, exchange);
    await expect.poll(() => [exchange.notes.length, changes]).toEqual([1, ['tools']]);
    exchange.cancel('enough');
    expect((await outcome).error?.code).toBe(-32800);
    const received = () => server.connections[0]?.received.map(({ method }) => method);
    await expect.poll(received).toContain('notifications/cancelled');
  });

  it('asks a client whose call it is, on a socket of its own where it has a session', async () => {
    const server = await serverOf('legacy');
    server.scripts.set('tools/call', ({ id }, { ws }) => {
      ws.once('message', () => ws.send(JSON.stringify({ jsonrpc: '2.0', id, result: { content: [] } })));
      ws.send(JSON.stringify({ jsonrpc: '2.0', id: 'q', method: 'elicitation/create', params: { message: '?' } }));
      return undefined;
    });
    const { call } = upstreamAt(server.url);
    const exchange = new TestExchange();
    const capabilities = new JsonText('{"elicitation":{}}');
    const { error } = await call('ask', { era: 'legacy', sessionId: 's', capabilities }, exchange);
    expect([error, exchange.asks]).toEqual([undefined, ['elicitation/create']]);
    expect(server.connections).toHaveLength(2);
  });

  it('may speak MCP without saying so by a subprotocol', async () => {
    const server = await serverOf('modern', false);
    const { upstream, call } = upstreamAt(server.url, { maxSessions: 4 });
    expect(await upstream.connect()).toMatchObject({ era: 'modern' });
    expect((await call('a')).error).toBeUndefined();
  });
});

describe('credentials', () => {
  it("are sent with the handshake; a client's own ones on a socket of its own", async () => {
    const server = await serverOf('modern');
    const { call } = upstreamAt(server.url, { headers: { authorization: 'Bearer ours', 'x-team': 'a' } });
    await Promise.all([call('a'), call('b', { upstreamAuthorization: 'Bearer alice' })]);
    await call('c', { upstreamAuthorization: 'Bearer bob' });
    const seen = server.connections.map(({ headers, received }) => {
      const names = received.flatMap(({ params }) => params?.['name'] ?? []);
      return [headers.authorization, { team: headers['x-team'], names }] as const;
    });
    expect(Object.fromEntries(seen)).toEqual({
      'Bearer ours': { team: 'a', names: ['a'] },
      'Bearer alice': { team: 'a', names: ['b'] },
      'Bearer bob': { team: 'a', names: ['c'] },
    });
    expect(seen).toHaveLength(3);
  });

  it('never stand in a URL', () => {
    expect(() => upstreamAt('ws://user:password@localhost/ws')).toThrow(/without credentials/);
    expect(() => upstreamAt('http://localhost/ws')).toThrow(/one of ws or wss/);
    expect(() => upstreamAt('nonsense')).toThrow(/one of ws or wss/);
  });
});

describe('a server that cannot be used', () => {
  async function http(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`;
  }

  it.each([401, 404, 302, 500])('says so by its status: %i', async (status) => {
    const url = await http((_, res) => res.writeHead(status, { location: 'ws://127.0.0.1:9/' }).end());
    const connected = upstreamAt(url, { headers: { authorization: 'Bearer secret' } }).upstream.connect();
    await expect(connected).rejects.toMatchObject({
      code: 'upstream_error',
      message: `The upstream answered with HTTP ${status}`,
      data: { httpStatus: status },
    });
  });

  it('is not there', async () => {
    const { upstream, call } = upstreamAt('ws://127.0.0.1:9/ws');
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(codeOf(await call('a'))).toBe('upstream_unreachable');
  });

  it('is silent', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const { upstream } = upstreamAt(`ws://127.0.0.1:${port}/`, { connectTimeoutMs: 50 });
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('stands at an address that is refused', async () => {
    const server = await serverOf('modern');
    const lookup: LookupFunction = (_host, _options, callback) =>
      callback(Object.assign(new Error('refused'), { code: 'EADDRREFUSED' }), '');
    const { upstream } = upstreamAt(server.url.replace('127.0.0.1', 'localhost'), { lookup });
    await expect(upstream.connect()).rejects.toMatchObject({ message: expect.stringContaining('EADDRREFUSED') });
    expect(server.connections).toEqual([]);
  });

  it.each([
    ['sends binary frames', (send: (data: Buffer) => void) => send(Buffer.from('{}')), /Messages are text frames/],
    ['sends too much at once', (send: (data: string) => void) => send('x'.repeat(2000)), /Max payload size exceeded/],
  ])('%s, and is connected anew by the next call', async (_, misbehave, message) => {
    const server = await serverOf('modern');
    const { call, lost } = upstreamAt(server.url, { maxMessageBytes: 1000 });
    await call('a');
    const { ws } = server.connections[0] ?? {};
    misbehave((data: string | Buffer) => ws?.send(data));
    expect((await lost).message).toMatch(message);
    expect((await call('b')).error).toBeUndefined();
    expect(server.connections).toHaveLength(2);
  });

  it('closes under a call, whose outcome nobody knows; operators learn its reason', async () => {
    const server = await serverOf('modern');
    server.scripts.set('tools/call', (_, { ws }) => {
      ws.close(1013, 'come back later');
      return undefined;
    });
    const { call, lost } = upstreamAt(server.url);
    const outcome = await call('a');
    expect(codeOf(outcome)).toBe('outcome_unknown');
    expect(JSON.stringify(outcome.error)).not.toContain('later');
    expect((await lost).message).toBe('The peer closed the connection: 1013, it is too busy (come back later)');
  });

  it('answers no ping', async () => {
    const server = await serverOf('modern');
    const { upstream, lost } = upstreamAt(server.url, { pingIntervalMs: 30 });
    await upstream.connect();
    const { ws } = server.connections[0] ?? {};
    ws?.pause();
    expect((await lost).message).toBe('The peer gave no sign of life');
  });

  it('reads nothing', async () => {
    const server = await serverOf('modern');
    const { upstream, call, lost } = upstreamAt(server.url, { maxMessageBytes: 100_000 });
    await upstream.connect();
    server.connections[0]?.ws.pause();
    const outcomes = Array.from({ length: 200 }, () => call('x'.repeat(90_000)));
    expect((await lost).message).toBe('The peer left more than 100000 bytes unread');
    for (const outcome of await Promise.all(outcomes)) expect(outcome.error).toBeDefined();
  });
});

it('closes its sockets when it is closed, and opens no more', async () => {
  const server = await serverOf('modern');
  const upstream = wsUpstream({
    url: server.url,
    events: { listChanged() {}, resourceUpdated() {}, sessionNote() {}, sessionAsk: () => Promise.reject(), lost() {} },
    clientInfo: new JsonText('{}'),
  });
  await upstream.connect();
  const closed = new Promise((resolve) => server.connections[0]?.ws.once('close', resolve));
  await upstream.close();
  expect(await closed).toBe(1000);
  await expect(upstream.connect()).rejects.toMatchObject({ code: 'cancelled' });
});
