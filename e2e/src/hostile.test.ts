import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { claimsOf, forge, signingKey } from './harness/jwt.ts';
import { type HttpAnswer, send } from './harness/net.ts';
import { residentBytes } from './harness/process-table.ts';
import { createScope } from './harness/scope.ts';
import { openSse } from './clients/sse-stream.ts';

const MEGABYTE = 1024 * 1024;
const MAX_RESIDENT = 400 * MEGABYTE;
const LARGE = Buffer.alloc(64 * MEGABYTE, ' ');

const scope = createScope();
let gateway: Gateway;
let serverPath: string;
let messagePath: string;

beforeAll(async () => {
  gateway = await startGateway(scope);
  const id = await gateway.register({ name: 'up', url: (await startFixture(scope, 'legacy')).url });
  serverPath = new URL(await gateway.compose('one', [id])).pathname;
  messagePath = await openSse(scope, `${gateway.url}/sse`, gateway.token);
});
afterAll(() => scope.end());

afterAll(async () => {
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  expect(residentBytes(gateway.process.pid)).toBeLessThan(MAX_RESIDENT);
});

describe.each<[string, () => string]>([
  ['/servers/ID/mcp', () => serverPath],
  ['/mcp', () => '/mcp'],
  ['/message', () => messagePath],
  ['/rpc', () => '/rpc'],
  ['/gateways', () => '/gateways'],
  ['/tools/invoke/NAME', () => '/tools/invoke/up-echo'],
])('POST %s', (_, path) => {
  const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
    send(gateway.url + path(), {
      body,
      headers: { authorization: `Bearer ${gateway.token}`, ...JSON_HEADERS, ...headers },
    });
  const expectRefused = ({ status, text }: HttpAnswer, expected: number, why: RegExp) => {
    expect([status, text]).toEqual([expected, expect.stringMatching(why)]);
    expect(text).not.toMatch(/\n\s+at /); // no stack
  };

  it.each([
    ['is cut short', '{"jsonrpc":"2.0"'],
    ['is no JSON', 'name=git&url=http'],
    ['has two values', '{} {}'],
    ['has a lone brace', '}'],
  ])('refuses a body that %s', async (__, body) => expectRefused(await post(body), 400, /JSON/i));

  it('refuses a body that is not UTF-8', async () => {
    expectRefused(await post(Buffer.from('{"a":"\xff\xfe"}', 'latin1')), 400, /UTF-8/);
  });

  it.each([
    ['arrays', '[', ']', '1'],
    ['objects', '{"a":', '}', '1'],
  ])('refuses %s 10,000 deep', async (__, open, close, middle) => {
    const deep = open.repeat(10_000) + middle + close.repeat(10_000);
    expectRefused(await post(`{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${deep}}}`), 400, /deep|nest/i);
  });

  it.each([
    ['says so', {}],
    ['does not say so', { 'transfer-encoding': 'chunked' }],
  ])('refuses a body of 64 MB that %s, and takes no memory for it', async (__, headers) => {
    expectRefused(await post(LARGE, headers), 413, /large|more than/);
    expect(residentBytes(gateway.process.pid)).toBeLessThan(MAX_RESIDENT);
  });

  it('refuses eight such bodies at once, and takes no memory for them', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(LARGE)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 413));
    expect(residentBytes(gateway.process.pid)).toBeLessThan(MAX_RESIDENT);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'refuses the type %s',
    async (type) => expectRefused(await post('{}', { 'content-type': type }), 415, /application\/json/),
  );

  it.each(['https://evil.example.com', 'http://localhost.evil.example.com', 'null', 'file://'])(
    'refuses pages of %s',
    async (origin) => {
      const answer = await post('{}', { origin });
      expectRefused(answer, 403, /Origin/);
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    },
  );

  it.each(['evil.example.com', 'localhost.evil.example.com', '127.0.0.1.evil.example.com:80'])(
    'refuses the host %s',
    async (host) => {
      expectRefused(await post('{}', { host }), 403, /Host/);
    },
  );

  it('refuses who has no token, an expired one or one of somebody else', async () => {
    const claims = claimsOf(gateway.token);
    const expired = forge({ ...claims, exp: 1_000_000_000 }, signingKey(gateway.dataDir));
    const foreign = forge(claims, 'a key of somebody else, long enough for HS256');
    expectRefused(await post('{}', { authorization: `Bearer ${expired}` }), 401, /expired/);
    expectRefused(await post('{}', { authorization: `Bearer ${foreign}` }), 401, /signature/);
    const answer = await send(gateway.url + path(), { body: '{}', headers: JSON_HEADERS });
    expectRefused(answer, 401, /required/);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });

  it('refuses who is not known before it reads what he sends', async () => {
    expect((await post(LARGE.subarray(0, MEGABYTE), { authorization: 'Bearer x' })).status).toBe(401);
  });

  it('refuses another method, and says which one it takes', async () => {
    const answer = await send(gateway.url + path(), {
      method: 'PATCH',
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    expectRefused(answer, 405, /not allowed/);
    expect(answer.headers.allow).toContain('POST');
  });

  it('outlives headers of 64 KB', async () => {
    const answer = post('{}', { 'x-long': 'x'.repeat(64 * 1024) });
    // Whether the answer or the end of the connection is seen first is up to the network.
    expect(
      await answer.then(
        ({ status }) => status,
        (error: { code: string }) => error.code,
      ),
    ).toSatisfy((it) => [431, 'ECONNRESET', 'EPIPE'].includes(it));
  });
});
