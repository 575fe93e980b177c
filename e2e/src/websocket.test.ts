/** WebSocket as its users meet it: the gateway as a process, clients of both eras, servers behind it, and ill will. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectModern } from './clients/modern-client.ts';
import { connectSocket, handshakeRefusal, meta, type RawSocket, rawSocket, socketUrl } from './clients/web-socket.ts';
import { type Fixture, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { TRANSLATE } from './harness/paths.ts';
import { start } from './harness/process.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

const MAX_BYTES = 100_000;
const scope = createScope();
let gateway: Gateway;
let modern: Fixture;
let legacy: Fixture;
/** Virtual servers of one upstream each; URLs of Streamable HTTP. */
let urls: { readonly modern: string; readonly legacy: string };
beforeAll(async () => {
  gateway = await startGateway(scope, { env: { MCP_MAX_BODY_BYTES: String(MAX_BYTES), WEBSOCKET_PING_INTERVAL: '1' } });
  [modern, legacy] = [await startFixture(scope, 'modern'), await startFixture(scope, 'legacy')];
  const serve = async (name: string, url: string) => gateway.compose(name, [await gateway.register({ name, url })]);
  urls = { modern: await serve('modern', modern.url), legacy: await serve('legacy', legacy.url) };
});
afterAll(() => scope.end());

const open = (url = urls.modern): Promise<RawSocket> => rawSocket(scope, socketUrl(url), { token: gateway.token });
const inFlight = (upstream: Fixture) =>
  until('the call is in flight', () => upstream.received.some(({ body }) => body.includes('"wait"')));

describe.each(['modern', 'legacy'] as const)('a modern client of a %s server', (era) => {
  it('finds out what there is, lists and calls', async () => {
    const socket = await open(urls[era]);
    const { result } = await socket.request('server/discover');
    expect(result).toMatchObject({ supportedVersions: expect.arrayContaining(['2026-07-28']) as string[] });
    const listed = await socket.request('tools/list');
    expect(listed.result).toMatchObject({ resultType: 'complete', tools: expect.any(Array) as unknown[] });
    const called = await socket.request('tools/call', { name: 'echo', arguments: { text: 'grüß dich' } });
    expect(textOf(called.result)).toBe('grüß dich');
  });

  it('hears of progress by its own token, ahead of the result', async () => {
    const socket = await open(urls[era]);
    const params = { name: 'count', _meta: { ...meta(), progressToken: 'mine' } };
    await socket.request('tools/call', params, 'c');
    expect(
      socket.received.map(({ id, params: noted }) => id ?? [noted?.['progressToken'], noted?.['progress']]),
    ).toEqual([['mine', 1], ['mine', 2], ['mine', 3], 'c']);
  });

  it('is asked by a result, and brings the answer with its next request', async () => {
    const socket = await open(urls[era]);
    const asking = { name: 'ask-name', _meta: meta({ elicitation: {} }) };
    const first = await socket.request('tools/call', asking);
    expect(first.result).toMatchObject({ resultType: 'input_required' });
    const { inputRequests, requestState } = first.result as { inputRequests: object; requestState?: string };
    const accepted = { action: 'accept', content: { name: 'Ada' } };
    const inputResponses = Object.fromEntries(Object.keys(inputRequests).map((key) => [key, accepted]));
    const second = await socket.request('tools/call', { ...asking, inputResponses, requestState });
    expect(JSON.parse(textOf(second.result))).toMatchObject({ answer: accepted });
  });
});

describe('a modern client', () => {
  it('cancels a call, which is never answered', async () => {
    const socket = await open();
    const before = modern.cancelled.length;
    socket.send({ id: 'w', method: 'tools/call', params: { name: 'wait', _meta: meta() } });
    await inFlight(modern);
    socket.send({ method: 'notifications/cancelled', params: { requestId: 'w', reason: 'enough' } });
    await until('the upstream knows', () => modern.cancelled.length > before);
    await socket.request('tools/list', {}, 'after');
    expect(socket.received.map(({ id }) => id)).toEqual(['after']);
  });

  it('hears of changes of the lists', async () => {
    const socket = await open();
    socket.send({
      id: 's',
      method: 'subscriptions/listen',
      params: { notifications: { toolsListChanged: true }, _meta: meta() },
    });
    await socket.until(({ method }) => method === 'notifications/subscriptions/acknowledged');
    const { tools } = modern;
    modern.changeTools(tools.slice(1));
    await socket.until(({ method }) => method === 'notifications/tools/list_changed');
    modern.changeTools(tools);
  });

  it('shares its socket with a legacy session and bare requests', async () => {
    const socket = await open();
    socket.send({ id: 'bare', method: 'tools/list' });
    const bare = await socket.until(({ id }) => id === 'bare');
    expect(bare.result).toMatchObject({ tools: expect.any(Array) as unknown[] });
    expect(bare.result).not.toHaveProperty('resultType');
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } };
    socket.send({ id: 'init', method: 'initialize', params });
    expect((await socket.until(({ id }) => id === 'init')).result).toMatchObject({ protocolVersion: '2025-11-25' });
    expect((await socket.request('server/discover')).result).toBeDefined();
  });
});

describe('a server behind WebSocket', () => {
  it.each(['modern', 'legacy'] as const)('serves clients of both eras, found out as %s', async (era) => {
    const upstream = era === 'modern' ? modern : legacy;
    const args = [
      TRANSLATE,
      '--port',
      '0',
      '--expose-ws',
      '--connect-streamable-http',
      upstream.url,
      '--api-key',
      'the-key-there',
    ];
    const translate = start(scope, { command: process.execPath, args });
    const [, url = ''] = await translate.says(/^WS +(\S+)$/m);
    const credential = { auth_type: 'bearer', auth_token: 'the-key-there' };
    const id = await gateway.register({ name: `socket ${era}`, url, ...credential });
    const { body } = await gateway.api('GET', `/gateways/${id}`);
    expect(body).toMatchObject({ transport: 'WEBSOCKET', status: { state: 'connected', transport: 'websocket' } });
    const served = await gateway.compose(`socket ${era}`, [id]);
    const clients = [
      await connectSocket(scope, { url: served, token: gateway.token }),
      await connectModern(scope, { url: served, token: gateway.token }),
    ];
    for (const client of clients) {
      const args = { text: 'through four hops' };
      expect(textOf(await client.callTool({ name: 'echo', arguments: args }))).toBe('through four hops');
    }
  });

  it('cannot be registered at a link-local address, nor by another scheme', async () => {
    for (const url of ['ws://169.254.169.254/ws', 'ws://[fe80::1]/ws', 'wss://metadata.google.internal/ws']) {
      const { status, body } = await gateway.api('POST', '/gateways', { name: 'x', url });
      expect([status, JSON.stringify(body)]).toEqual([422, expect.stringContaining('a host that must not be called')]);
    }
    const torn = await gateway.api('POST', '/gateways', { name: 'x', url: 'http://127.0.0.1:9/ws', transport: 'ws' });
    expect(torn.status).toBe(422);
  });
});

describe('a handshake', () => {
  const authorization = () => ({ authorization: `Bearer ${gateway.token}` });
  const url = () => socketUrl(urls.modern);

  it('needs a token in its header, and is told so', async () => {
    for (const [to, headers] of [
      [url(), {}],
      [url(), { authorization: 'Bearer nonsense' }],
      [`${url()}?token=${gateway.token}`, {}],
    ] as const) {
      const refusal = await handshakeRefusal(to, headers);
      expect([refusal.status, refusal.body.error?.code]).toEqual([401, -32001]);
      expect(refusal.headers['www-authenticate']).toContain('Bearer');
    }
  });

  it('of a web page of elsewhere is refused, as is one by another name', async () => {
    for (const [name, value] of [
      ['origin', 'https://evil.example'],
      ['origin', 'null'],
      ['host', 'evil.example'],
    ] as const) {
      expect((await handshakeRefusal(url(), { ...authorization(), [name]: value })).status).toBe(403);
    }
  });

  it('at a server that does not exist, or where nothing speaks it, finds nothing', async () => {
    const base = gateway.url.replace('http', 'ws');
    expect((await handshakeRefusal(`${base}/servers/none/ws`, authorization())).status).toBe(404);
    expect((await handshakeRefusal(`${base}/nowhere`, authorization())).status).toBe(404);
    expect((await handshakeRefusal(`${base}/mcp`, authorization())).status).toBe(405);
  });
});

describe('ill will', () => {
  it('in the form of a huge frame ends one socket', async () => {
    const [socket, neighbour] = [await open(), await open()];
    socket.ws.send(`{"jsonrpc":"2.0","id":1,"method":"${'x'.repeat(MAX_BYTES)}"}`);
    expect((await socket.closed)[0]).toBe(1009);
    expect((await neighbour.request('tools/list')).result).toBeDefined();
  });

  it('in the form of a frame that announces more than memory has ends it too', async () => {
    const { port, pathname } = new URL(urls.modern);
    const socket = connect(Number(port), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}); // it may be reset
    const lines = `host: localhost\r\nauthorization: Bearer ${gateway.token}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
    socket.write(`GET ${pathname.replace(/mcp$/, 'ws')} HTTP/1.1\r\n${lines}`);
    socket.once('data', () =>
      socket.write(Buffer.from([0x81, 0xff, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])),
    );
    socket.resume();
    await closed;
    expect((await (await open()).request('tools/list')).result).toBeDefined();
  });

  it('in the form of binary frames ends it too', async () => {
    const socket = await open();
    socket.ws.send(Buffer.from('{}'));
    expect((await socket.closed)[0]).toBe(1003);
  });

  it('in the form of nonsense is answered', async () => {
    const socket = await open();
    for (const text of ['', '{', 'null', '{"jsonrpc":"1.0","id":1,"method":"x"}']) socket.ws.send(text);
    expect((await socket.request('tools/list', {}, 'after')).result).toBeDefined();
    expect(socket.received.slice(0, 4).every(({ error }) => error !== undefined)).toBe(true);
  });

  it('in the form of 10,000 messages at once is answered 10,000 times', async () => {
    const socket = await open();
    for (let id = 0; id < 10_000; id += 1) socket.send({ id, method: 'ping' });
    await until('all are answered', () => socket.received.length === 10_000, 20_000);
  });

  it('in the form of silence ends it, while others stay', async () => {
    const silent = await rawSocket(scope, socketUrl(urls.modern), { token: gateway.token, autoPong: false });
    const neighbour = await open();
    expect(await silent.closed).toEqual([1006, '']);
    expect((await neighbour.request('tools/list')).result).toBeDefined();
  });
});

it('a token that is revoked ends the socket that it opened', async () => {
  const token = await gateway.tokenFor('admin@example.com');
  const socket = await rawSocket(scope, socketUrl(urls.modern), { token });
  await socket.request('tools/list');
  const { jti } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
  expect((await gateway.api('POST', '/tokens/revoke', { jti })).status).toBeLessThan(300);
  expect(await socket.closed).toEqual([1008, 'Authentication is required']);
});
