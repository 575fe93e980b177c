/** OpenAPI documents as gateways: looked at, imported, called, imported again; by the API and by the command. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOf, textOf } from './clients/connect.ts';
import { connectModern } from './clients/modern-client.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { GATEWAY } from './harness/paths.ts';
import { type Finished, run } from './harness/process.ts';
import { createScope } from './harness/scope.ts';

const scope = createScope();
let gateway: Gateway;
let api: string;
/** More paths, for the second import. */
let morePaths = '';

const documents: Readonly<Record<string, () => string>> = {
  '/docs/openapi.yaml': () => `
openapi: 3.0.3
info: { title: Pets, version: '1', description: Animals and their names. }
servers: [{ url: '/{version}', variables: { version: { default: v1 } } }]
security: [{ key: [] }]
paths:
  /pets:
    get:
      operationId: pets/list
      tags: [read]
      summary: Lists pets
      parameters: [{ name: kinds, in: query, explode: false, schema: { type: array, items: { type: string } } }]
      responses: { 200: { content: { application/json: { schema: { type: array, items: { $ref: 'schemas.json#/Pet' } } } } } }
    post:
      operationId: pets/add
      requestBody: { required: true, content: { application/json: { schema: { $ref: 'schemas.json#/Pet' } } } }
      responses: { 201: { content: { application/json: { schema: { $ref: 'schemas.json#/Pet' } } } } }
    trace: { operationId: pets/trace }
  /secret: { get: { parameters: [{ $ref: 'http://169.254.169.254/latest/meta-data/#/x' }] } }
${morePaths}
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
`,
  '/docs/schemas.json': () =>
    JSON.stringify({
      Pet: {
        type: 'object',
        properties: {
          id: { type: 'integer', readOnly: true },
          name: { type: 'string', nullable: true },
          parent: { $ref: '#/Pet' },
        },
        required: ['id', 'name'],
      },
    }),
};

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url = '', headers } = request;
  const document = documents[url];
  if (document !== undefined) return void response.end(document());
  if (headers['x-key'] !== 's3cret') return void response.writeHead(401).end();
  const body = await text(request);
  response.setHeader('content-type', 'application/json');
  if (method === 'POST') response.writeHead(201).end(JSON.stringify({ id: 1, ...(JSON.parse(body) as object) }));
  else response.setHeader('link', `<${url}&page=2>; rel="next"`).end(JSON.stringify([{ id: 7, name: url }]));
  return undefined;
}

beforeAll(async () => {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.add(server, () => void server.close());
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  gateway = await startGateway(scope);
});
afterAll(() => scope.end());

interface Imported {
  readonly gateway: { readonly id: string; readonly url: string };
  readonly [member: string]: unknown;
}

async function send(method: string, path: string, body: object): Promise<Imported> {
  const answered = await gateway.api(method, path, body);
  expect(answered.status, JSON.stringify(answered.body)).toBeLessThan(300);
  return answered.body as Imported;
}

/** Runs `forge-gateway import openapi`. */
function command(...args: string[]): Promise<Finished> {
  const env = { FORGE_DATA_DIR: gateway.dataDir, PETS_KEY: 's3cret' };
  const cwd = scope.folder();
  writeFileSync(
    join(cwd, 'small.json'),
    JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'Small\u001b[31m' },
      paths: { '/a': { get: {} }, '/b': { trace: {} } },
    }),
  );
  return run({
    command: process.execPath,
    args: [GATEWAY, 'import', 'openapi', ...args, '--gateway', gateway.url],
    env,
    cwd,
  });
}

describe('a document', () => {
  it('is looked at, with all that it refers to beside it', async () => {
    const preview = await send('POST', '/import/openapi/preview', { url: `${api}/docs/openapi.yaml` });
    expect(preview).toMatchObject({
      title: 'Pets',
      revision: '3.0',
      url: `${api}/v1`,
      operations: [
        {
          name: 'pets_list',
          inputSchema: { properties: { kinds: { type: 'array' } } },
          outputSchema: { properties: { result: { type: 'array' } } },
          notes: ['it needs a credential: key'],
        },
        { name: 'pets_add', inputSchema: { properties: { name: { type: ['string', 'null'] } }, required: ['name'] } },
      ],
      skipped: [
        { method: 'TRACE', reason: 'the method TRACE is not supported' },
        { method: 'GET', path: '/secret', reason: expect.stringContaining('was not read') },
      ],
      credentials: [{ name: 'key', type: 'apiKey', needs: [['value']], isBound: false, operations: 4 }],
    });
    expect((await gateway.api('GET', '/gateways')).body).toEqual([]);
  });

  it('is imported, called, and imported again: what stays keeps its id', async () => {
    const source = { url: `${api}/docs/openapi.yaml`, credentials: { key: { value: 's3cret' } } };
    const { gateway: made } = await send('POST', '/import/openapi', { name: 'pets', ...source });
    expect(made).toMatchObject({ url: `${api}/v1`, toolCount: 2, secrets: { key: '*****' } });
    expect(JSON.stringify(made)).not.toContain('s3cret');

    const client = await connectModern(scope, { url: await gateway.compose('pets', [made.id]), token: gateway.token });
    const { tools } = await client.listTools();
    expect(namesOf({ tools })).toEqual(['pets_list', 'pets_add']);
    expect(tools[0]).toMatchObject({ title: 'Lists pets', annotations: { readOnlyHint: true } });
    const listed = await client.callTool({ name: 'pets_list', arguments: { kinds: ['cat', 'a b'] } });
    expect(listed.structuredContent).toEqual({ result: [{ id: 7, name: '/v1/pets?kinds=cat,a%20b' }] });
    expect(listed._meta).toMatchObject({ 'forge/nextPage': { url: `${api}/v1/pets?kinds=cat,a%20b&page=2` } });
    const added = await client.callTool({ name: 'pets_add', arguments: { name: 'Rex' } });
    expect(added.structuredContent).toEqual({ id: 1, name: 'Rex' });
    const wrong = await client.callTool({ name: 'pets_add', arguments: { name: 'Rex', age: 3 } });
    expect([wrong.isError, textOf(wrong)]).toEqual([true, expect.stringContaining('"age" is not an argument')]);

    const idsBefore = await toolIds(made.id);
    morePaths =
      '  /pets/{id}: { get: { operationId: pets/get, parameters: [{ name: id, in: path, required: true, schema: {} }] } }';
    const difference = {
      added: [{ name: 'pets_get', method: 'GET', path: '/pets/{id}' }],
      changed: [],
      removed: [{ name: 'pets_add', method: 'POST', path: '/pets' }],
      unchanged: 1,
    };
    const select = { methods: ['get'] };
    expect(await send('PUT', `/import/openapi/${made.id}`, { select, dryRun: true })).toMatchObject(difference);
    expect(await toolIds(made.id)).toEqual(idsBefore);
    expect(await send('PUT', `/import/openapi/${made.id}`, { select })).toMatchObject(difference);
    const idsAfter = await toolIds(made.id);
    expect(Object.keys(idsAfter).toSorted()).toEqual(['pets_get', 'pets_list']);
    expect(idsAfter['pets_list']).toBe(idsBefore['pets_list']);
    const again = await client.callTool({ name: 'pets_list', arguments: {} });
    expect(again.isError).not.toBe(true);
  });

  it.each([
    ['file:///etc/passwd', 422, 'must begin with http:// or https://'],
    ['http://169.254.169.254/latest/meta-data', 422, 'metadata'],
    ['http://127.0.0.1:1/openapi.json', 502, ''],
  ])('at %s is not read', async (url, status, told) => {
    const { status: got, body } = await gateway.api('POST', '/import/openapi/preview', { url });
    expect([got, (body as { detail: string }).detail]).toEqual([status, expect.stringContaining(told)]);
  });

  it('that is not there is said to be not there', async () => {
    const { status, body } = await gateway.api('POST', '/import/openapi/preview', { url: `${api}/nothing?key=hush` });
    expect([status, (body as { detail: string }).detail]).toEqual([
      502,
      `The document at ${api}/nothing cannot be read: HTTP 401`,
    ]);
  });

  it('of two thousand operations is listed at once, page by page', async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 2000 }, (_, at) => [`/things${at}/{id}`, { get: { summary: `Thing ${at}` } }]),
    );
    const document = { openapi: '3.1.0', info: { title: 'Many' }, servers: [{ url: api }], paths };
    const { gateway: made } = await send('POST', '/import/openapi', { name: 'many', document });
    expect(made).toMatchObject({ toolCount: 2000 });
    const client = await connectModern(scope, { url: await gateway.compose('many', [made.id]), token: gateway.token });
    const names = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await client.listTools({ cursor });
      for (const { name } of page.tools) names.add(name);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(names.size).toBe(2000);
  });
});

/** Ids of tools by their original names. */
async function toolIds(gatewayId: string): Promise<Record<string, string>> {
  const { body } = await gateway.api('GET', `/tools?gateway_id=${gatewayId}&limit=0`);
  return Object.fromEntries(
    (body as { originalName: string; id: string }[]).map(({ originalName, id }) => [originalName, id]),
  );
}

describe('the command', () => {
  it('shows what a file would become', async () => {
    const { code, stdout } = await command('small.json', '--preview', '--base-url', `${api}/v1`);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `Small [31m (OpenAPI 3.1) at ${api}/v1
1 tools, 1 operations that cannot be tools

Tools:
  get_a  GET    /a

Cannot be tools:
  TRACE /b: the method TRACE is not supported
`,
    });
  });

  it('imports a URL with a credential, and again', async () => {
    const url = `${api}/docs/openapi.yaml`;
    const made = await command(url, '--name', 'by command', '--tag', 'read', '--credential', 'key.value=$PETS_KEY');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/key \(apiKey, \d operations\): given/) });
    const [, id = ''] = /"by command" \((\w+)\) has 1 tools/.exec(made.stdout) ?? [];
    const again = await command(url, '--update', id, '--method', 'POST', '--tag', 'none');
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('No operation of the document can be a tool'),
    });
    const preview = await command(url, '--update', id, '--preview');
    expect(preview.stdout).toContain('1 unchanged');
  });

  it.each([
    [['none.json', '--preview'], 1, 'none.json cannot be read: it does not exist'],
    [['small.json'], 2, '--name is missing'],
    [['small.json', '--preview', '--credential', 'key'], 2, '--credential must be like NAME=VALUE'],
    [['small.json', '--preview', '--credential', 'key.value=$NOT_THERE'], 2, 'The environment has no NOT_THERE'],
    [['small.json', '--name', 'x'], 1, 'baseUrl: is missing: the document names no server'],
  ])('%j is refused', async (args, code, told) => {
    const ended = await command(...args);
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(told) });
  });
});
