import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modernBody, modernHeaders } from './clients/raw-client.ts';
import { startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { type HeadersToSend, type HttpAnswer, send } from './harness/net.ts';
import { ANY_ID, expectError } from './harness/refusal.ts';
import { createScope } from './harness/scope.ts';

const scope = createScope();
let gateway: Gateway;
let url: string;

beforeAll(async () => {
  gateway = await startGateway(scope);
  const id = await gateway.register({ name: 'up', url: (await startFixture(scope, 'legacy')).url });
  url = await gateway.compose('one', [id]);
});
afterAll(() => scope.end());

function request(body: string, headers: HeadersToSend, { at = url, method = 'POST' } = {}): Promise<HttpAnswer> {
  return send(at, { method, body, headers: { authorization: `Bearer ${gateway.token}`, ...headers } });
}

describe('a modern request is refused', () => {
  const list = modernBody('7', 'tools/list');
  const call = modernBody('7', 'tools/call', '{"name":"echo","arguments":{"text":"x"}}');

  it.each<[string, string, HeadersToSend, number, number, RegExp]>([
    [
      'without MCP-Protocol-Version',
      list,
      { ...modernHeaders('tools/list'), 'mcp-protocol-version': undefined },
      400,
      -32020,
      /MCP-Protocol-Version/,
    ],
    [
      'with another MCP-Protocol-Version',
      list,
      { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2025-11-25' },
      400,
      -32020,
      /MCP-Protocol-Version/,
    ],
    [
      'without Mcp-Method',
      list,
      { ...modernHeaders('tools/list'), 'mcp-method': undefined },
      400,
      -32020,
      /Mcp-Method/,
    ],
    ['with another Mcp-Method', list, modernHeaders('tools/call'), 400, -32020, /Mcp-Method/],
    ['without Mcp-Name', call, modernHeaders('tools/call'), 400, -32020, /Mcp-Name/],
    ['with another Mcp-Name', call, modernHeaders('tools/call', 'verbatim'), 400, -32020, /Mcp-Name/],
    ['with a Mcp-Name in broken base64', call, modernHeaders('tools/call', '=?base64?!!?='), 400, -32020, /Mcp-Name/],
    [
      'of a revision that does not exist',
      list.replace('2026-07-28', '2099-01-01'),
      { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2099-01-01' },
      400,
      -32022,
      /version/,
    ],
    [
      'without an envelope',
      '{"jsonrpc":"2.0","id":7,"method":"tools/list","params":{}}',
      modernHeaders('tools/list'),
      400,
      -32602,
      /_meta/,
    ],
    [
      'without capabilities',
      list.replace(/,"io[^:]*clientCapabilities":\{\}/, ''),
      modernHeaders('tools/list'),
      400,
      -32602,
      /clientCapabilities/,
    ],
    [
      'for a method of the other era',
      modernBody('7', 'resources/subscribe', '{"uri":"note:///today"}'),
      modernHeaders('resources/subscribe'),
      404,
      -32601,
      /resources\/subscribe/,
    ],
    [
      'for a method that nobody knows',
      modernBody('7', 'tools/destroy'),
      modernHeaders('tools/destroy'),
      404,
      -32601,
      /tools\/destroy/,
    ],
    [
      'for a tool without a name',
      modernBody('7', 'tools/call', '{"arguments":{}}'),
      modernHeaders('tools/call'),
      400,
      -32602,
      /name/,
    ],
    [
      'with two names',
      modernBody('7', 'tools/call', '{"name":"echo","name":"verbatim"}'),
      modernHeaders('tools/call', 'echo'),
      400,
      -32602,
      /name/,
    ],
  ])('%s', async (_, body, headers, status, code, message) => {
    expectError(await request(body, headers), status, code, message, 7);
  });

  it('of an unknown revision, with those that are known', async () => {
    const headers = { ...modernHeaders('tools/list'), 'mcp-protocol-version': '2099-01-01' };
    const { text } = await request(list.replace('2026-07-28', '2099-01-01'), headers);
    expect(JSON.parse(text)).toMatchObject({
      error: { data: { supported: expect.arrayContaining(['2026-07-28']), requested: '2099-01-01' } },
    });
  });

  it.each<[string, string, RegExp]>([
    ['in a batch', `[${list}]`, /[Bb]atch/],
    ['with the id null', modernBody('null', 'tools/list'), /id/],
    ['with a fraction for an id', modernBody('1.5', 'tools/list'), /id/],
    ['with an object for an id', modernBody('{}', 'tools/list'), /id/],
    ['with two ids', list.replace('"id":7', '"id":7,"id":8'), /twice/],
    ['that is a response', '{"jsonrpc":"2.0","id":7,"result":{}}', /response/],
    ['that is an empty batch', '[]', /batch/],
    ['of another JSON-RPC', list.replace('"2.0"', '"1.0"'), /jsonrpc/],
    ['with an array for params', '{"jsonrpc":"2.0","id":null,"method":"tools/list","params":[]}', /params/],
  ])('%s', async (_, body, message) => {
    expectError(await request(body, modernHeaders('tools/list')), 400, -32600, message, ANY_ID);
  });

  it('at a server that does not exist', async () => {
    expectError(
      await request(list, modernHeaders('tools/list'), { at: `${gateway.url}/servers/none/mcp` }),
      404,
      -32602,
      /no MCP endpoint|[Nn]ot found/,
    );
  });

  it('by GET and DELETE, which are of the other era', async () => {
    for (const method of ['GET', 'DELETE']) {
      const { status, headers } = await request(
        '',
        { ...modernHeaders('tools/list'), accept: 'text/event-stream' },
        { method },
      );
      expect([status, headers.allow]).toEqual([405, 'POST']);
    }
  });
});

it('the gateway is alive', async () => {
  expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  expect(gateway.process.stderr).not.toMatch(/a fault that nobody caught|a request failed/);
});
