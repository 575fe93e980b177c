import { expect, test } from 'vitest';
import { setUp } from '../api.fixture.ts';
import { PromptRead } from '../contract/prompts.ts';
import { ResourceContent, ResourceRead } from '../contract/resources.ts';
import { ServerRead } from '../contract/servers.ts';
import { ToolRead } from '../contract/tools.ts';

async function withGit() {
  const parts = setUp();
  parts.tools.set('git', ['status', 'log', 'bad']);
  const { body } = await parts.send('POST', '/gateways', { json: { name: 'git', url: 'http://git/mcp' } });
  return { ...parts, gatewayId: body.id as string };
}

test('a tool is read by id and name, with its schema untouched', async () => {
  const { send, gatewayId } = await withGit();
  const { body } = await send('GET', '/tools/git-status', { as: 'alice' });
  expect(ToolRead.parse(body)).toEqual(body);
  expect(body).toMatchObject({
    name: 'git-status',
    originalName: 'status',
    gatewayId,
    gatewaySlug: 'git',
    inputSchema: { type: 'object', snake_case: 1 },
  });
  expect((await send('GET', `/v1/tools/${body.id}`)).body).toEqual(body);
  expect((await send('GET', `/tools?gateway_id=${gatewayId}&tags=none`)).body).toEqual([]);
  expect((await send('GET', `/tools?gateway_id=${gatewayId}`)).body).toHaveLength(3);
});

test('a tool gets another name by `name` or `custom_name`, and what was read can be sent back', async () => {
  const { send } = await withGit();
  const { body } = await send('PUT', '/tools/git-status', {
    json: { tool: { custom_name: 'st', tags: [{ id: 'x', label: 'X' }] } },
  });
  expect(body).toMatchObject({ name: 'st', customName: 'st', tags: ['x'] });
  expect((await send('PUT', '/tools/st', { json: { ...body, name: 'again' } })).body).toMatchObject({
    customName: 'again',
  });
  expect((await send('PUT', '/tools/again', { json: { customName: null } })).body.name).toBe('git-status');
  expect((await send('PUT', '/tools/git-status', { json: { description: 'mine' } })).status).toBe(422);
  expect((await send('PUT', '/tools/git-status', { json: { url: 'http://x' } })).status).toBe(422);
});

test('creating a single tool says what to do instead', async () => {
  const { send } = setUp();
  const { status, body } = await send('POST', '/tools', { json: { tool: { name: 'x' } } });
  expect(status).toBe(501);
  expect(body.detail).toContain('POST /gateways');
});

test('tools are switched and deleted', async () => {
  const { send } = await withGit();
  const off = await send('POST', '/tools/git-status/toggle?activate=false');
  expect(off.body).toMatchObject({ status: 'success', tool: { enabled: false } });
  expect((await send('GET', '/tools')).body).toHaveLength(2);
  expect((await send('DELETE', '/tools/git-status')).status).toBe(200);
  expect((await send('GET', '/tools/git-status')).status).toBe(404);
});

test('a call takes its arguments wrapped and flat, to the character', async () => {
  const { send, calls } = await withGit();
  const headers = { 'x-upstream-authorization': 'Bearer mine' };
  const wrapped = await send('POST', '/tools/invoke/git-status', {
    body: '{"arguments":{"big":12345678901234567890,"snake_case":1}}',
    headers,
  });
  expect(wrapped.status).toBe(200);
  expect(wrapped.body.content[0].type).toBe('text');
  expect(calls[0]?.text).toContain('"name":"git-status","arguments":{"big":12345678901234567890,"snake_case":1}');
  expect(calls[0]?.upstreamAuthorization).toBe('Bearer mine');
  await send('POST', '/tools/invoke/git-status', { json: { arguments: 'text', x: 1 } });
  expect(calls[1]?.message).toMatchObject({ params: { arguments: { arguments: 'text', x: 1 } } });
  await send('POST', '/tools/invoke/git-status');
  expect(calls[2]?.message).toMatchObject({ params: { arguments: {} } });
  expect((await send('POST', '/tools/invoke/nothing', { json: {} })).status).toBe(404);
  expect((await send('POST', '/tools/invoke/git-status', { json: [] })).status).toBe(422);
});

test('a JSON-RPC error becomes an HTTP one with its facts', async () => {
  const { send } = await withGit();
  const { status, body, headers } = await send('POST', '/tools/invoke/bad', { json: {} });
  expect(status).toBe(503);
  expect(headers.get('retry-after')).toBe('3');
  expect(body.error).toMatchObject({ code: 'overloaded', message: 'busy', details: { rpcCode: -32010 } });
});

test.each([
  ['a credential', { code: -32603, message: 'no', data: { code: 'unauthenticated' } }, 502, 'upstream_error'],
  ['a session', { code: -32001, message: 'no', data: { code: 'session_not_found' } }, 502, 'upstream_error'],
  ['what Forge says', { code: -32603, message: 'no', data: { code: 'upstream_timeout' } }, 504, 'upstream_timeout'],
  ['a limit', { code: -32010, message: 'no', data: { code: 'too_many_requests' } }, 429, 'too_many_requests'],
  ['a name of every object', { code: -32603, message: 'no', data: { code: 'constructor' } }, 502, 'upstream_error'],
])('an error of an upstream that speaks of %s', async (_, error, status, code) => {
  const { send } = await withGit();
  const answer = await send('POST', '/tools/invoke/bad', { json: { arguments: { error } } });
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(answer.headers.get('www-authenticate')).toBeNull();
});

test.each([
  [1e308, '3600'],
  [-5, null],
  [0.2, '1'],
  ['9', null],
])('a time to wait of %s', async (retryAfter, header) => {
  const { send } = await withGit();
  const error = { code: -32010, message: 'busy', data: { retryAfter } };
  const { headers } = await send('POST', '/tools/invoke/bad', { json: { arguments: { error } } });
  expect(headers.get('retry-after')).toBe(header);
});

test('a resource of our own is created in every spelling, read, changed and deleted', async () => {
  const { send } = setUp();
  const json = { resource: { uri: 'config://app', name: 'config', mime_type: 'application/json', content: '{"a":1}' } };
  const { status, body } = await send('POST', '/resources', { json });
  expect(status).toBe(201);
  expect(ResourceRead.parse(body)).toMatchObject({
    uri: 'config://app',
    mimeType: 'application/json',
    size: 7,
    gatewayId: null,
  });
  const content = await send('GET', `/resources/${encodeURIComponent('config://app')}`, { as: 'alice' });
  expect(content.body).toEqual({
    type: 'resource',
    uri: 'config://app',
    mimeType: 'application/json',
    text: '{"a":1}',
  });
  expect(ResourceContent.parse(content.body)).toEqual(content.body);
  expect((await send('PUT', '/resources/config', { json: { ...body, description: 'd' } })).body.description).toBe('d');
  expect((await send('PUT', '/resources/config', { json: { blob: 'AAE=' } })).body.size).toBe(2);
  expect((await send('GET', '/resources/config')).body).toMatchObject({ blob: 'AAE=' });
  expect((await send('POST', '/resources', { json })).status).toBe(409);
  await send('POST', '/resources/config/state?activate=false');
  expect((await send('GET', '/resources/config')).status).toBe(404);
  expect((await send('GET', '/resources/config/info')).body.enabled).toBe(false);
  expect((await send('DELETE', '/resources/config')).status).toBe(200);
});

test("a gateway's resource is read at the gateway, and a template cannot be", async () => {
  const { send, calls } = await withGit();
  const { body } = await send('GET', `/resources/${encodeURIComponent('git://head')}`);
  expect(body).toEqual({ type: 'resource', uri: 'git://head', mimeType: 'text/plain', text: 'content' });
  expect(calls[0]?.message).toMatchObject({ method: 'resources/read', params: { uri: 'git://head' } });
  expect((await send('GET', `/resources/${encodeURIComponent('git://{ref}')}`)).status).toBe(422);
  const info = await send('GET', '/resources/head/info');
  expect((await send('PUT', '/resources/head', { json: info.body })).status).toBe(200);
  expect((await send('PUT', '/resources/head', { json: { text: 'x' } })).status).toBe(422);
});

test('a prompt is created with a template, as the README of ContextForge shows it', async () => {
  const { send } = setUp();
  const json = {
    name: 'greet',
    template: 'Hello, {{ user }}!',
    argument_schema: {
      type: 'object',
      properties: { user: { type: 'string', description: 'Who' } },
      required: ['user'],
    },
  };
  const { status, body } = await send('POST', '/prompts', { json });
  expect(status).toBe(201);
  expect(PromptRead.parse(body)).toMatchObject({ arguments: [{ name: 'user', description: 'Who', required: true }] });
  expect((await send('PUT', '/prompts/greet', { json: { template: 'Hi, {{ user }}!' } })).body.template).toBe(
    'Hi, {{ user }}!',
  );
  expect((await send('PUT', '/prompts/greet', { json: { ...body, name: 'hello' } })).body.name).toBe('hello');
  expect((await send('POST', '/prompts', { json: { name: 'x', template: '{% raw %}' } })).status).toBe(422);
});

test('a prompt is rendered with its arguments bare, under args and under arguments', async () => {
  const { send, calls } = await withGit();
  const { id } = (await send('GET', '/prompts/git-review/info')).body;
  for (const json of [{ code: 'x' }, { args: { code: 'x' } }, { arguments: { code: 'x' } }]) {
    const { status, body } = await send('POST', '/prompts/git-review', { json });
    expect(status).toBe(200);
    expect(body.messages).toHaveLength(1);
    expect(calls.at(-1)?.message).toMatchObject({
      method: 'prompts/get',
      params: { name: `name-of-${id}`, arguments: { code: 'x' } },
    });
  }
  await send('POST', '/prompts/git-review', { json: { args: 'a text' } });
  expect(calls.at(-1)?.message).toMatchObject({ params: { arguments: { args: 'a text' } } });
  expect((await send('GET', '/prompts/git-review')).status).toBe(200);
});

test("a gateway's prompt sent back as it was read changes nothing but what differs", async () => {
  const { send } = await withGit();
  const { body } = await send('GET', '/prompts/git-review/info');
  const renamed = await send('PUT', '/prompts/git-review', { json: { ...body, name: 'mine' } });
  expect(renamed).toMatchObject({ status: 200, body: { name: 'mine', customName: 'mine' } });
  expect((await send('PUT', '/prompts/mine', { json: { template: 'x' } })).status).toBe(422);
});

test('a virtual server is composed by ids and names, and lists its items', async () => {
  const { send, gatewayId } = await withGit();
  const log = (await send('GET', '/tools/git-log')).body;
  const json = {
    server: {
      id: 'dev',
      name: 'Dev',
      associated_tools: ['git-status', log.id],
      associatedPrompts: ['review'],
      naming: 'prefixed',
    },
    team_id: null,
    visibility: 'public',
  };
  const { status, body } = await send('POST', '/servers', { json });
  expect(status).toBe(201);
  expect(ServerRead.parse(body)).toEqual(body);
  expect(body).toMatchObject({
    id: 'dev',
    associatedTools: ['git-status', 'git-log'],
    associatedPrompts: ['git-review'],
  });
  expect((await send('GET', '/servers/dev/tools')).body).toHaveLength(2);
  expect((await send('GET', '/servers/dev/prompts')).body).toHaveLength(1);
  expect((await send('GET', '/servers/dev/resources')).body).toEqual([]);
  await send('POST', '/tools/git-log/state?activate=false');
  expect((await send('GET', '/servers/dev/tools')).body).toHaveLength(1);
  expect((await send('GET', '/servers/dev/tools?include_inactive=true')).body).toHaveLength(2);
  const changed = await send('PUT', '/servers/dev', {
    json: { ...body, associatedTools: [], associated_gateways: [gatewayId] },
  });
  expect(changed.status).toBe(422); // `associatedGateways` stands twice
  const { associatedGateways: _, ...rest } = body;
  const moved = await send('PUT', '/servers/dev', {
    json: { ...rest, associatedTools: [], associated_gateways: ['git'] },
  });
  expect(moved.body).toMatchObject({ associatedTools: [], associatedGateways: [gatewayId] });
  expect((await send('GET', '/servers/dev/tools?include_inactive=true')).body).toHaveLength(3);
  expect((await send('POST', '/servers', { json: { name: 'x', associated_tools: ['nix'] } })).body.detail).toContain(
    'nix',
  );
  expect((await send('DELETE', '/servers/dev')).status).toBe(200);
});

test('a virtual server is told which revisions of the protocol it serves', async () => {
  const { send } = await withGit();
  const protocol_versions = ['2025-11-25', '2026-07-28'];
  const { body } = await send('POST', '/servers', { json: { id: 'dev', name: 'Dev', protocol_versions } });
  expect(body.protocolVersions).toEqual(protocol_versions);
  expect((await send('PUT', '/servers/dev', { json: { protocolVersions: [] } })).body.protocolVersions).toEqual([]);
  const refused = await send('PUT', '/servers/dev', { json: { protocolVersions: ['2025-11-52'] } });
  expect(refused).toMatchObject({ status: 422, body: { detail: expect.stringContaining('2025-11-25') } });
});

test('private things of others do not exist for anyone but administrators', async () => {
  const { send } = await withGit();
  await send('PUT', '/tools/git-log', { json: { visibility: 'private' } });
  await send('POST', '/servers', { json: { id: 'dev', name: 'Dev', associated_tools: ['git-log', 'git-status'] } });
  await send('POST', '/servers', { json: { id: 'own', name: 'Own', visibility: 'private' } });
  const tool = (await send('GET', '/tools/git-log')).body;
  for (const as of ['alice', 'bob']) {
    expect((await send('GET', `/tools/${tool.id}`, { as })).status).toBe(404);
    expect((await send('GET', '/tools', { as })).text).not.toContain(tool.id);
    const server = await send('GET', '/servers/dev', { as });
    expect(server.body.associatedTools).toEqual(['git-status']);
    expect(server.text).not.toContain(tool.id);
    expect((await send('GET', '/servers/own', { as })).status).toBe(404);
    expect((await send('GET', '/servers', { as })).body).toHaveLength(1);
  }
});

test('a credential for one server reads that server and calls there', async () => {
  const { send, calls } = await withGit();
  await send('POST', '/servers', { json: { id: 'only', name: 'Only', associated_tools: ['git-log'] } });
  await send('POST', '/servers', { json: { id: 'other', name: 'Other' } });
  const as = 'bound';
  expect((await send('GET', '/servers', { as })).body).toHaveLength(1);
  expect((await send('GET', '/servers/only/tools', { as })).body).toHaveLength(1);
  expect((await send('GET', '/servers/other', { as })).status).toBe(403);
  expect((await send('GET', '/tools', { as })).status).toBe(403);
  expect((await send('PUT', '/servers/only', { as, json: { name: 'x' } })).status).toBe(403);
  await send('POST', '/tools/invoke/git-log', { as, json: {} });
  expect(calls.at(-1)?.serverId).toBe('only');
});
