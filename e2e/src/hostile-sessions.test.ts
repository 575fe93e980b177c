import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modernBody, modernHeaders, rawLegacy } from './clients/raw-client.ts';
import { openSse } from './clients/sse-stream.ts';
import { startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { type HeadersToSend, type HttpAnswer, send } from './harness/net.ts';
import { GATEWAY } from './harness/paths.ts';
import { output } from './harness/process.ts';
import { ANY_ID, expectError } from './harness/refusal.ts';
import { createScope } from './harness/scope.ts';
import { BOB, prepareUsers } from './harness/users.ts';

const scope = createScope();
let gateway: Gateway;
let bobsToken: string;
let url: string;
let otherUrl: string;

beforeAll(async () => {
  const dataDir = `${scope.folder()}/data`;
  await prepareUsers(dataDir);
  gateway = await startGateway(scope, { dataDir });
  bobsToken = await gateway.tokenFor(BOB);
  const id = await gateway.register({ name: 'up', url: (await startFixture(scope, 'legacy')).url });
  url = await gateway.compose('one', [id]);
  otherUrl = await gateway.compose('other', [id]);
});
afterAll(() => scope.end());

function request(
  body: string,
  headers: HeadersToSend,
  { at = url, token = gateway.token, method = 'POST' } = {},
): Promise<HttpAnswer> {
  return send(at, { method, body, headers: { authorization: `Bearer ${token}`, ...headers } });
}

describe('a legacy session', () => {
  const open = (token = gateway.token) => rawLegacy({ url, token });
  const inSession = (sessionId: string): HeadersToSend => ({
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-session-id': sessionId,
    'mcp-protocol-version': '2025-11-25',
  });
  const LIST = '{"jsonrpc":"2.0","id":7,"method":"tools/list"}';

  it.each<[string, HeadersToSend, number, number, RegExp]>([
    ['is needed', { 'mcp-session-id': undefined }, 400, -32600, /[Ss]ession/],
    ['must exist', { 'mcp-session-id': 'c0ffee' }, 404, -32001, /session does not exist/],
    ['speaks a known revision', { 'mcp-protocol-version': '2024-01-01' }, 400, -32022, /version/],
    ['must accept an answer', { accept: 'text/html' }, 406, -32600, /Accept/],
  ])('%s', async (_, headers, status, code, message) => {
    const { sessionId } = await open();
    expectError(await request(LIST, { ...inSession(sessionId), ...headers }), status, code, message, ANY_ID);
  });

  it('does not exist for anybody else, nor at another server', async () => {
    const { sessionId, request: mine } = await open();
    for (const method of ['POST', 'GET', 'DELETE']) {
      for (const where of [{ token: bobsToken }, { at: otherUrl }, { at: `${gateway.url}/mcp` }]) {
        const { status } = await request(method === 'POST' ? LIST : '', inSession(sessionId), { method, ...where });
        expect([method, where, status]).toEqual([method, where, 404]);
      }
    }
    expect((await mine('tools/list', '{"x":1}')).status).toBe(200);
  });

  it('is over after DELETE', async () => {
    const { sessionId } = await open();
    expect((await request('', inSession(sessionId), { method: 'DELETE' })).status).toBe(204);
    expectError(await request(LIST, inSession(sessionId)), 404, -32001, /session does not exist/, 7);
  });

  it('takes no batch, since 2025-06-18', async () => {
    const { sessionId } = await open();
    expectError(await request(`[${LIST}]`, inSession(sessionId)), 400, -32600, /[Bb]atch/);
  });

  it('takes an id once at a time', async () => {
    const { sessionId } = await open();
    const call = (text: string) =>
      request(
        `{"jsonrpc":"2.0","id":"same","method":"tools/call","params":{"name":"slow","arguments":{"ms":500,"text":"${text}"}}}`,
        inSession(sessionId),
      );
    const answers = await Promise.all([call('a'), call('b')]);
    expect(new Set(answers.map(({ text }) => /in flight|done/.exec(text)?.[0]))).toEqual(
      new Set(['done', 'in flight']),
    );
  });

  it('accepts what it does not understand without an answer, when none is wanted', async () => {
    const { sessionId } = await open();
    for (const body of [
      '{"jsonrpc":"2.0","method":"notifications/nonsense"}',
      '{"jsonrpc":"2.0","id":99,"result":{}}',
    ]) {
      expect(await request(body, inSession(sessionId))).toMatchObject({ status: 202, text: '' });
    }
  });

  it('does not fall for a client that says it is of another one', async () => {
    const { sessionId } = await open();
    const params =
      '{"name":"echo","arguments":{"text":"x"},"_meta":{"io.modelcontextprotocol/clientCapabilities":{"sampling":{}}}}';
    const { text } = await request(
      `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`,
      inSession(sessionId),
    );
    expect(JSON.parse(text)).toMatchObject({ id: 7, result: { content: [{ text: 'x' }] } });
  });
});

describe('a session of HTTP+SSE', () => {
  const LIST = '{"jsonrpc":"2.0","id":7,"method":"tools/list"}';
  const json = { 'content-type': 'application/json' };

  it('does not exist for anybody else, nor at another server', async () => {
    const path = await openSse(scope, `${gateway.url}/sse`, gateway.token);
    expectError(
      await request(LIST, json, { at: gateway.url + path, token: bobsToken }),
      404,
      -32001,
      /stream of this session/,
    );
    const there = new URL(otherUrl.replace(/mcp$/, 'message'));
    expectError(
      await request(LIST, json, { at: there.href + path.slice(path.indexOf('?')) }),
      404,
      -32001,
      /stream of this session/,
    );
    expect((await request(LIST, json, { at: gateway.url + path })).status).toBe(202);
  });

  it('is needed for messages', async () => {
    for (const query of ['', '?session_id=', '?session_id=c0ffee']) {
      expectError(
        await request(LIST, json, { at: `${gateway.url}/message${query}` }),
        404,
        -32001,
        /stream of this session/,
      );
    }
  });

  it('is opened by GET, for who takes events', async () => {
    const get = { method: 'GET', at: `${gateway.url}/sse` };
    expect((await request('', json, { ...get, method: 'POST' })).status).toBe(405);
    expectError(await request('', { accept: 'application/json' }, get), 406, -32600, /Accept/);
    expectError(
      await request('', { accept: 'text/event-stream', origin: 'https://evil.example.com' }, get),
      403,
      -32600,
      /Origin/,
    );
    expectError(await request('', { accept: 'text/event-stream' }, { ...get, token: 'x' }), 401, -32001, /./);
  });
});

describe('a token for one server', () => {
  it('opens that one, and nothing else', async () => {
    const id = new URL(url).pathname.split('/')[2] ?? '';
    const args = [GATEWAY, 'token', '--server', id];
    const token = await output({ command: process.execPath, args, env: { FORGE_DATA_DIR: gateway.dataDir } });
    const list = (at: string) => request(modernBody('7', 'tools/list'), modernHeaders('tools/list'), { at, token });
    expect((await list(url)).status).toBe(200);
    for (const at of [otherUrl, `${gateway.url}/mcp`])
      expectError(await list(at), 403, -32003, /one virtual server only/);
    expect(await gateway.api('POST', '/gateways', { name: 'x', url: 'http://127.0.0.1:1/mcp' }, token)).toMatchObject({
      status: 403,
    });
  });
});

it('the gateway is alive', async () => {
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  expect(gateway.process.stderr).not.toMatch(/a fault that nobody caught|a request failed/);
});
