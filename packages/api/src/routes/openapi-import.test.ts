import { ForgeError } from '@forge/core';
import { expect, test } from 'vitest';
import { setUp, type SetUp } from '../api.fixture.ts';
import type { OpenApiRequest, OpenApiResult, OpenApiTool } from './openapi-importer.ts';

const tool = (name: string, more: object = {}): OpenApiTool => ({
  name,
  method: 'GET',
  path: `/${name}`,
  inputSchema: { type: 'object' },
  ...more,
});

/** An API whose importer answers with these tools, and remembers what it was asked. */
function withTools(
  ...initial: OpenApiTool[]
): SetUp & { asked: OpenApiRequest[]; become(...tools: OpenApiTool[]): void } {
  const asked: OpenApiRequest[] = [];
  let operations = initial;
  const importOpenApi = async (request: OpenApiRequest): Promise<OpenApiResult> => {
    asked.push(request);
    if (request.text === 'broken') throw new ForgeError('validation_failed', 'The document is no JSON');
    return {
      title: 'Pets',
      revision: '3.1',
      url: request.text === 'nowhere' ? undefined : (request.baseUrl ?? 'http://pets/v1'),
      servers: ['http://pets/v1'],
      config: { operations },
      secrets: request.credentials === undefined ? {} : { key: 'hunter2' },
      schemes: [{ name: 'key', type: 'apiKey', needs: [['value']], isBound: false, operations: 1 }],
      operations: operations.map(({ name, method, path }) => ({ name, method, path, tags: ['t'], notes: ['n'] })),
      skipped: [{ method: 'TRACE', path: '/x', reason: 'the method TRACE is not supported' }],
      unselected: 1,
      notes: [],
    };
  };
  const parts = setUp({ importOpenApi });
  parts.tools.set('pets', ['list']);
  return { ...parts, asked, become: (...tools) => void (operations = tools) };
}

test('a preview shows tools with their schemas and what cannot be one, and keeps nothing', async () => {
  const { send, store, asked } = withTools(tool('list', { description: 'Lists', outputSchema: { type: 'object' } }));
  const { status, body } = await send('POST', '/import/openapi/preview', {
    json: { document: { openapi: '3.1.0' }, base_url: 'http://b/', select: { tags: ['t'] } },
  });
  expect([status, asked]).toEqual([
    200,
    [{ text: '{"openapi":"3.1.0"}', baseUrl: 'http://b/', select: { tags: ['t'] } }],
  ]);
  expect(body).toEqual({
    title: 'Pets',
    revision: '3.1',
    url: 'http://b/',
    servers: ['http://pets/v1'],
    operations: [
      {
        name: 'list',
        method: 'GET',
        path: '/list',
        operationId: null,
        tags: ['t'],
        notes: ['n'],
        title: null,
        description: 'Lists',
        inputSchema: { type: 'object' },
        outputSchema: { type: 'object' },
        annotations: null,
      },
    ],
    skipped: [{ method: 'TRACE', path: '/x', operationId: null, reason: 'the method TRACE is not supported' }],
    unselected: 1,
    credentials: [{ name: 'key', type: 'apiKey', needs: [['value']], isBound: false, operations: 1, problem: null }],
    notes: [],
  });
  expect(await store.upstreams.all()).toEqual([]);
  const brief = await send('POST', '/v1/import/openapi/preview', { json: { url: 'http://d/', schemas: false } });
  expect(brief.body.operations[0]).not.toHaveProperty('inputSchema');
});

test('an import makes a gateway that knows how to be imported again, without secrets in its configuration', async () => {
  const { send, connected } = withTools(tool('list'));
  const { status, body, text } = await send('POST', '/import/openapi', {
    json: {
      name: 'pets',
      url: 'http://docs/openapi.json',
      credentials: { key: { value: 'hunter2' } },
      headers: { 'X-Team': 'hunter3' },
      select: { methods: ['GET'] },
      tags: ['Imported'],
    },
  });
  expect(status).toBe(201);
  expect(body.gateway).toMatchObject({
    name: 'pets',
    transport: 'REST',
    url: 'http://pets/v1',
    tags: ['imported'],
    secrets: { key: '*****' },
    config: { source: { url: 'http://docs/openapi.json', select: { methods: ['GET'] } } },
  });
  expect(body.operations[0].name).toBe('list');
  expect(text).not.toMatch(/hunter/);
  expect(connected[0]).toMatchObject({ secrets: { key: 'hunter2' }, headers: [{ name: 'X-Team', value: 'hunter3' }] });
});

test('a URL with a query is not kept: it may hold a credential', async () => {
  const { send } = withTools(tool('list'));
  const { body, text } = await send('POST', '/import/openapi', {
    json: { name: 'p', url: 'http://docs/a.json?key=hunter2' },
  });
  expect([body.gateway.config.source, text]).toEqual([{}, expect.not.stringContaining('hunter2')]);
  const again = await send('PUT', `/import/openapi/${body.gateway.id}`, { json: {} });
  expect([again.status, again.body.detail]).toEqual([422, expect.stringContaining('send the document, or its "url"')]);
});

test('a second import tells the difference first, and keeps secrets that are not sent again', async () => {
  const { send, asked, become, store, registry } = withTools(tool('list'), tool('old'), tool('same'));
  const json = { name: 'pets', url: 'http://docs/a.json', credentials: { key: { value: 'hunter2' } } };
  const { gateway } = (await send('POST', '/import/openapi', { json })).body;
  become(tool('same'), tool('list', { description: 'New', path: '/v2' }), tool('new'));
  const difference = {
    added: [{ name: 'new', method: 'GET', path: '/new' }],
    changed: [{ name: 'list', method: 'GET', path: '/v2', fields: ['path', 'description'] }],
    removed: [{ name: 'old', method: 'GET', path: '/old' }],
    unchanged: 1,
  };
  const dry = await send('PUT', `/import/openapi/${gateway.id}`, { json: { dryRun: true } });
  expect(dry.body).toMatchObject({ ...difference, dryRun: true, gateway: null });
  expect((await send('GET', `/gateways/${gateway.id}`)).body.version).toBe(1);
  expect(asked[1]).toMatchObject({ url: 'http://docs/a.json', current: { operations: [{ name: 'list' }, {}, {}] } });

  const done = await send('PUT', `/import/openapi/${gateway.id}`, { json: { url: 'http://docs/b.json' } });
  expect(done.body).toMatchObject({ ...difference, dryRun: false });
  expect(done.body.gateway).toMatchObject({ version: 2, config: { source: { url: 'http://docs/b.json' } } });
  const row = await store.upstreams.get(gateway.id);
  expect((await registry.unsealedUpstream(row!)).secrets).toEqual({ key: 'hunter2' });
});

test.each([
  ['no document', { name: 'x' }, 'document: is missing'],
  ['a broken one', { name: 'x', document: 'broken' }, 'The document is no JSON'],
  ['no name', { document: '{}' }, 'name'],
  ['no server', { name: 'x', document: 'nowhere' }, 'baseUrl: is missing'],
  ['an unknown field', { name: 'x', document: '{}', selection: {} }, 'select'],
  ['a server that must not be called', { name: 'x', document: '{}', baseUrl: 'http://169.254.169.254/' }, 'link-local'],
])('%s is a 422', async (_, json, told) => {
  const { send, store } = withTools(tool('list'));
  const { status, body } = await send('POST', '/import/openapi', { json });
  expect([status, body.detail]).toEqual([422, expect.stringContaining(told)]);
  expect(await store.upstreams.all()).toEqual([]);
});

test('without a single tool nothing is registered, and it is said why', async () => {
  const { send } = withTools();
  const { status, body } = await send('POST', '/import/openapi', { json: { name: 'x', document: '{}' } });
  expect([status, body.detail]).toEqual([
    422,
    'No operation of the document can be a tool (TRACE /x: the method TRACE is not supported)',
  ]);
});

test('a gateway that is no REST API is none to import into, and one that is not there is not there', async () => {
  const { send, tools } = withTools(tool('list'));
  tools.set('git', []);
  const git = await send('POST', '/gateways', { json: { name: 'git', url: 'http://git/mcp' } });
  const put = (id: string) => send('PUT', `/import/openapi/${id}`, { json: { document: '{}' } });
  expect((await put(git.body.id)).status).toBe(409);
  expect((await put('nothing')).status).toBe(404);
  tools.set('one', []);
  const config = { operations: [tool('one')], isSingleTool: true };
  const one = await send('POST', '/gateways', { json: { name: 'one', url: 'http://one/', transport: 'REST', config } });
  expect((await put(one.body.id)).status).toBe(409);
});

test('the schemas of one endpoint are found by its URL', async () => {
  const { send, asked } = withTools(tool('user', { path: '/users/{id}', outputSchema: { title: 'out' } }));
  const find = (url: string, more: object = {}) =>
    send('POST', '/v1/tools/generate-schemas-from-openapi', { json: { url, request_type: 'GET', ...more } });
  expect((await find('http://pets/v1/users/7')).body).toEqual({
    success: true,
    message: 'Found as "user"',
    input_schema: { type: 'object' },
    output_schema: { title: 'out' },
    spec_url: 'http://pets/openapi.json',
  });
  expect((await find('http://pets/users/{id}', { openapi_url: 'http://d/x.yaml' })).body.spec_url).toBe(
    'http://d/x.yaml',
  );
  expect(asked.map(({ url }) => url)).toEqual(['http://pets/openapi.json', 'http://d/x.yaml']);
  expect((await find('http://pets/v1/teams/7')).status).toBe(404);
  expect((await find('http://pets/%zz')).status).toBe(404);
  expect((await find('nonsense')).status).toBe(422);
});

test('a document may be larger than other bodies', async () => {
  const { send } = withTools(tool('list'));
  const json = { document: ' '.repeat(17_000_000) };
  expect((await send('POST', '/import/openapi/preview', { json })).status).toBe(200);
  expect((await send('POST', '/gateways', { json })).status).toBe(413);
});

test('administrators only, and only where there is an importer', async () => {
  const { send } = withTools();
  for (const [method, path] of [
    ['POST', '/import/openapi'],
    ['POST', '/import/openapi/preview'],
    ['PUT', '/import/openapi/x'],
    ['POST', '/tools/generate-schemas-from-openapi'],
  ] as const) {
    expect((await send(method, path, { as: 'alice', json: {} })).status).toBe(403);
    expect((await send(method, path, { as: '', json: {} })).status).toBe(401);
  }
  expect((await setUp().send('POST', '/import/openapi/preview', { json: { url: 'http://x/' } })).status).toBe(501);
});

test('credentials that the document does not ask for, and methods that there are not, are refused', async () => {
  const { send, store } = withTools(tool('list'));
  const attempt = async (path: string, more: object): Promise<[number, string]> => {
    const json = { name: 'pets', url: 'http://docs/a.json', ...more };
    const { status, body } = await send('POST', path, { json });
    return [status, body.detail];
  };
  const refused = [422, 'credentials.kee: the document has no such security scheme; it has key'];
  const credentials = { kee: { value: 'x' } };
  expect(await attempt('/import/openapi', { credentials })).toEqual(refused);
  expect(await attempt('/import/openapi/preview', { name: undefined, credentials })).toEqual(refused);
  const [status, detail] = await attempt('/import/openapi', { select: { methods: ['GTE'] } });
  expect([status, detail]).toEqual([422, expect.stringMatching(/^select\.methods\.0: must be one of GET, HEAD/)]);
  expect(await store.upstreams.all()).toEqual([]);
  expect((await attempt('/import/openapi', { select: { methods: ['get'] } }))[0]).toBe(201);
  const { body } = await send('GET', '/gateways');
  const again = await send('PUT', `/import/openapi/${body[0].id}`, { json: { credentials: { kee: { value: 'x' } } } });
  expect([again.status, again.body.detail]).toEqual(refused);
});
