import { expect, test } from 'vitest';
import { setUp } from '../api.fixture.ts';

const LIST = { jsonrpc: '2.0', id: 7, method: 'tools/list' };

test('a method of the protocol passes as it is', async () => {
  const { send, calls } = setUp();
  const { status, body } = await send('POST', '/rpc', { json: LIST, as: 'alice' });
  expect(status).toBe(200);
  expect(body).toEqual({ jsonrpc: '2.0', result: { tools: [] }, id: 7 });
  expect(calls).toMatchObject([{ serverId: undefined, message: LIST }]);
});

test('params are kept to the character, but for server_id', async () => {
  const { send, calls } = setUp();
  await send('POST', '/v1/rpc', {
    body: '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"server_id":"s1","name":"x","arguments":{"n":1.0,"server_id":"kept"}}}',
  });
  expect(calls[0]).toMatchObject({ serverId: 's1' });
  expect(calls[0]?.text).toContain('"params":{"name":"x","arguments":{"n":1.0,"server_id":"kept"}}');
});

test("a tool's name is a method, a standard method is no tool's", async () => {
  const { send, tools, calls } = setUp();
  tools.set('git', ['status', 'tools/list']);
  await send('POST', '/rpc', { json: { jsonrpc: '2.0', id: 1, method: 'git-status', params: { path: '.' } } });
  expect(calls[0]?.message).toEqual({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'git-status', arguments: { path: '.' } },
  });
  await send('POST', '/rpc', { json: LIST });
  expect(calls[1]?.message).toMatchObject({ method: 'tools/list' });
  const unknown = await send('POST', '/rpc', { json: { ...LIST, method: 'nothing' } });
  expect(unknown).toMatchObject({ status: 200, body: { id: 7, error: { code: -32601 } } });
});

test('a notification is accepted without an answer', async () => {
  const { send } = setUp();
  const { status, text } = await send('POST', '/rpc', {
    json: { jsonrpc: '2.0', method: 'notifications/initialized' },
  });
  expect([status, text]).toEqual([202, '']);
});

test.each([
  ['{', -32700],
  ['[]', -32600],
  [JSON.stringify([LIST]), -32600],
  ['"text"', -32600],
  ['', -32600],
  ['{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600],
  ['{"jsonrpc":"2.0","id":1}', -32600],
  ['{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600],
  ['{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}', -32600],
  [`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${'['.repeat(300)}${']'.repeat(300)}}}`, -32700],
])('the body %s is a JSON-RPC error with status 400', async (body, code) => {
  const { send } = setUp();
  const answer = await send('POST', '/rpc', { body });
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({ jsonrpc: '2.0', id: null, error: { code } });
});

test('a credential for one server is scoped to it and cannot leave it', async () => {
  const { send, calls } = setUp();
  await send('POST', '/rpc', { as: 'bound', json: LIST });
  await send('POST', '/rpc', { as: 'bound', json: { ...LIST, params: { serverId: 'only' } } });
  expect(calls.map((call) => call.serverId)).toEqual(['only', 'only']);
  const other = await send('POST', '/rpc', { as: 'bound', json: { ...LIST, params: { server_id: 'other' } } });
  expect(other).toMatchObject({ status: 403, body: { id: 7, error: { code: -32003 } } });
  expect(calls).toHaveLength(2);
});

test('without credentials it is the usual 401', async () => {
  const { send, calls } = setUp();
  const { status, body } = await send('POST', '/rpc', { as: '', json: LIST });
  expect(status).toBe(401);
  expect(body.error.code).toBe('unauthenticated');
  expect(calls).toEqual([]);
});
