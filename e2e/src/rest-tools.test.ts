/** Single REST endpoints as tools: the bodies that ContextForge's documents show, and the clients of both eras. */
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

interface Tool {
  readonly id: string;
  readonly name: string;
  readonly gatewayId: string;
  readonly [field: string]: unknown;
}

/** What the API received. */
interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Plugins by the names that the documents show. */
const PLUGINS = `plugins:
- { name: rate_limit, kind: deny_filter, config: { words: [never said] } }
- { name: pii_filter, kind: search_replace, config: { words: [{ search: never said, replace: '' }] } }
- { name: response_shape, kind: output_length_guard }
`;

const scope = createScope();
let gateway: Gateway;
let api: string;

beforeAll(async () => {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  scope.add(server, () => void server.close());
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const plugins = scope.folder();
  writeFileSync(`${plugins}/config.yaml`, PLUGINS);
  gateway = await startGateway(scope, {
    env: { PLUGINS_ENABLED: 'true', PLUGINS_CONFIG_FILE: `${plugins}/config.yaml` },
  });
});
afterAll(() => scope.end());

/** Echoes; `/v1/busy` has no time, `/v1/list` has two members, `/v1/deep` has a long text deep within. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => {
    const { method, url, headers } = request;
    if (url === '/v1/busy') return void response.writeHead(503, { 'retry-after': '120' }).end('later');
    response.setHeader('content-type', 'application/json');
    if (url === '/v1/deep')
      return void response.end(`${'{"a":'.repeat(70)}"${'x'.repeat(4_000_000)}"${'}'.repeat(70)}`);
    const echo = { method, url, headers, body };
    response.end(JSON.stringify(url === '/v1/list' ? [{ id: 1 }, { id: 2 }] : echo));
    return undefined;
  });
}

async function create(tool: object): Promise<Tool> {
  const { status, body } = await gateway.api('POST', '/tools', tool);
  expect(status, JSON.stringify(body)).toBe(201);
  return body as Tool;
}

/** Calls by REST. */
async function invoke(name: string, args: object): Promise<Received> {
  const { status, body } = await gateway.api('POST', `/tools/invoke/${name}`, { arguments: args });
  expect(status, JSON.stringify(body)).toBe(200);
  return (body as { structuredContent: Received }).structuredContent;
}

describe('a tool is registered', () => {
  it('wrapped, in snake case, and called by clients of both eras beside the tool of an MCP server', async () => {
    const tool = await create({
      tool: {
        name: 'weather_get',
        title: 'Weather',
        description: 'Get weather information for a city',
        url: `${api}/v1/weather/{city}`,
        integration_type: 'REST',
        request_type: 'GET',
        input_schema: {
          type: 'object',
          properties: { city: { type: 'string', description: 'City name' }, days: { type: 'integer' } },
          required: ['city'],
        },
        annotations: { readOnlyHint: true },
        tags: ['Weather'],
        visibility: 'public',
      },
    });
    expect(tool).toMatchObject({
      name: 'weather_get',
      originalName: 'weather_get',
      integrationType: 'REST',
      requestType: 'GET',
      url: `${api}/v1/weather/{city}`,
      baseUrl: api,
      pathTemplate: '/v1/weather/{city}',
      timeoutMs: 20_000,
      exposePassthrough: true,
      jsonpathFilter: '',
      tags: ['weather'],
      auth: null,
      reachable: true,
    });

    const fixture = await startFixture(scope, 'modern');
    const mcp = await gateway.register({ name: 'everything', url: fixture.url });
    const url = await gateway.compose('both', [tool.gatewayId, mcp]);
    const legacy = await connectLegacy(scope, { url, token: gateway.token });
    const modern = await connectModern(scope, { url, token: gateway.token });
    for (const client of [legacy, modern]) {
      const { tools } = await client.listTools();
      const names = tools.map(({ name }) => name);
      expect(names).toContain('weather_get');
      expect(names.filter((name) => name.startsWith('everything-'))).not.toEqual([]);
      const listed = tools.find(({ name }) => name === 'weather_get');
      expect(listed).toMatchObject({ title: 'Weather', annotations: { readOnlyHint: true } });
    }
    const call = { name: 'weather_get', arguments: { city: 'São Paulo', days: 3 } };
    for (const result of [await legacy.callTool(call), await modern.callTool(call)]) {
      expect(result.structuredContent).toMatchObject({ method: 'GET', url: '/v1/weather/S%C3%A3o%20Paulo?days=3' });
      expect(JSON.parse(textOf(result))).toEqual(result.structuredContent);
    }
    const wrong = await modern.callTool({ name: 'weather_get', arguments: { days: 'x' } });
    expect(wrong).toMatchObject({ isError: true });
    expect(textOf(wrong)).toBe('Invalid arguments: "days" must be integer; "city" is missing');
  });

  it('flat, as the FAQ has it: then it is a POST of JSON', async () => {
    await create({ name: 'clock_tool', url: `${api}/rpc`, input_schema: { type: 'object' } });
    expect(await invoke('clock_tool', { zone: 'UTC' })).toMatchObject({
      method: 'POST',
      url: '/rpc',
      headers: { 'content-type': 'application/json' },
      body: '{"zone":"UTC"}',
    });
  });

  it('without a schema, as the README has it: callers are told what the path takes, and another path asks for its own', async () => {
    const { id, ...tool } = await create({ name: 'bare', url: `${api}/v1/weather/{city}`, request_type: 'GET' });
    expect(tool).toMatchObject({ inputSchema: { properties: { city: { type: 'string' } }, required: ['city'] } });
    expect(await invoke('bare', { city: 'Bern' })).toMatchObject({ url: '/v1/weather/Bern' });
    const { body } = await gateway.api('PUT', `/tools/${id}`, { ...tool, url: `${api}/v1/weather/{town}` });
    expect(body).toMatchObject({ inputSchema: { required: ['town'] } });
    expect(Object.keys((body as { inputSchema: { properties: object } }).inputSchema.properties)).toEqual(['town']);
    expect(await invoke('bare', { town: 'Bern' })).toMatchObject({ url: '/v1/weather/Bern' });
  });

  it('with all fields of the documents', async () => {
    const all = {
      name: 'user-management-api',
      integration_type: 'REST',
      request_type: 'GET',
      url: `${api}/v1/users/{user_id}?version=2`,
      description: 'Fetch user information from external API',
      query_mapping: { includeMetadata: 'include_metadata', fields: 'response_fields' },
      header_mapping: { apiKey: 'X-API-Key', tenantId: 'X-Tenant-ID' },
      headers: { Accept: 'application/json', 'X-Static': 'sealed' },
      timeout_ms: 25_000,
      expose_passthrough: true,
      allowlist: ['127.0.0.1', 'https://backup-api.example.com'],
      plugin_chain_pre: ['rate_limit', 'pii_filter'],
      plugin_chain_post: ['response_shape'],
      display_name: 'Users',
      title: null,
      extension_metadata: {},
      deprecated: false,
      allow_auto: false,
      team_id: null,
      owner_email: null,
    };
    const tool = await create({ tool: all, team_id: null, visibility: 'public' });
    expect(tool).toMatchObject({
      title: 'Users',
      queryMapping: all.query_mapping,
      headerMapping: all.header_mapping,
      headers: { Accept: 'application/json' },
      auth: { authType: 'authheaders', authHeaders: [{ key: 'X-Static', value: '*****' }] },
      timeoutMs: 25_000,
      allowlist: all.allowlist,
      pluginChainPre: all.plugin_chain_pre,
      pluginChainPost: all.plugin_chain_post,
    });
    const args = { user_id: 7, includeMetadata: true, fields: ['a', 'b'], apiKey: 'k', tenantId: 't', unmapped: 1 };
    expect(await invoke('user-management-api', args)).toMatchObject({
      url: '/v1/users/7?version=2&include_metadata=true&response_fields=a&response_fields=b',
      headers: { 'x-api-key': 'k', 'x-tenant-id': 't', 'x-static': 'sealed', accept: 'application/json' },
    });
  });

  it('with base_url and path_template, a form, credentials, a filter', async () => {
    const form = await create({
      name: 'form',
      base_url: `${api}/v2`,
      path_template: '/send',
      request_type: 'PUT',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      auth: { auth_type: 'basic', username: 'me', password: 's3cret' },
    });
    expect(form).toMatchObject({
      url: `${api}/v2/send`,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    });
    expect(JSON.stringify(form)).not.toMatch(/s3cret|bWU6/);
    expect(await invoke('form', { a: 'x y', b: [1, 2] })).toMatchObject({
      method: 'PUT',
      url: '/v2/send',
      headers: { authorization: `Basic ${btoa('me:s3cret')}` },
      body: 'a=x+y&b=1&b=2',
    });
    for (const [name, filter, expected] of [
      ['jq', '[.[].id] | add', 3],
      ['jsonpath', '$[*].id', [1, 2]],
    ]) {
      await create({ name, url: `${api}/v1/list`, request_type: 'GET', jsonpath_filter: filter });
      expect(await invoke(String(name), {})).toEqual({ result: expected });
    }
  });

  it('with a filter that would write its answer again and again, which ends the filter and nothing else', async () => {
    await create({ name: 'deep', url: `${api}/v1/deep`, request_type: 'GET', jsonpath_filter: '$..a' });
    const { status, body } = await gateway.api('POST', '/tools/invoke/deep', {});
    expect(status).toBe(200);
    expect(body).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('output is longer than') as string }],
    });
    expect(await invoke('jsonpath', {})).toEqual({ result: [1, 2] });
  });

  it('only where it makes sense', async () => {
    const refused = async (tool: object): Promise<string> => {
      const { status, body } = await gateway.api('POST', '/tools', { name: 'bad', url: `${api}/x`, ...tool });
      expect([409, 422]).toContain(status);
      return (body as { detail: string }).detail;
    };
    expect(await refused({ integration_type: 'MCP' })).toContain('register the server by POST /gateways');
    expect(await refused({ gateway_id: 'abc' })).toContain('gatewayId');
    expect(await refused({ request_type: 'SSE' })).toContain('requestType: must be one of GET');
    expect(await refused({ url: 'ftp://x' })).toContain('url: must be a URL');
    expect(await refused({ url: 'http://169.254.169.254/latest' })).toContain('metadata address');
    expect(await refused({ url: undefined })).toContain('url: is missing');
    const misspelt = { type: 'object', properties: { id: { type: 'strnig' } } };
    expect(await refused({ input_schema: misspelt })).toMatch(
      /^inputSchema\.properties\.id\.type: must be one of array/,
    );
    expect(await refused({ output_schema: { required: 'id' } })).toMatch(/^outputSchema\.required: must be a list/);
    expect(await refused({ url: `${api}/{id` })).toMatch(/^url: has a brace/);
    expect(await refused({ allowlist: ['other.example'] })).toMatch(/^allowlist: does not have the host/);
    expect(await refused({ query_mapping: { q: 'q' }, header_mapping: { a: 'Host' } })).toBe(
      'headerMapping.a: "Host" is a header that cannot be set here',
    );
    expect(await refused({ name: 'a b' })).toBe('name: must be 1 to 64 of the characters A-Z a-z 0-9 _ . / -');
    expect(await refused({ input_schema: { type: 'string' } })).toBe('inputSchema: must have the type "object"');
    expect(await refused({ auth: { auth_type: 'bearer' } })).toBe('auth.token: is missing for this authType');
    expect(await refused({ auth: { authtype: 'bearer' } })).toMatch(/^auth\.authtype: .* did you mean "authType"/);
    expect(await refused({ jsonpath_filter: '.a |' })).toMatch(/^jsonpathFilter: is no jq: jq: error: syntax error/);
    expect(await refused({ jsonpath_filter: '$.x-y' })).toMatch(/^jsonpathFilter: is no JSONPath: "-"/);
    expect(await refused({ deprecated: true })).toContain('leave it out');
    expect(await refused({ team_id: 'red' })).toMatch(/^team_id: there are no teams here/);
    expect(await refused({ name: 'weather_get' })).toMatch(/^The tool "weather_get" \([0-9a-f]{32}\) has this name$/);
    expect(await refused({ nmae: 'x' })).toContain('did you mean "name"?');
  });
});

describe('a registered tool', () => {
  it('keeps its name when another one is taken away from it, as by the null of ContextForge', async () => {
    const { id } = await create({ name: 'plain', url: `${api}/plain` });
    for (const change of [{ custom_name: null, description: 'x' }, { customName: 'other' }, { customName: null }]) {
      const { status, body } = await gateway.api('PUT', `/tools/${id}`, change);
      const expected = change.customName ?? 'plain';
      expect([status, body]).toMatchObject([200, { name: expected, customName: expected }]);
    }
    expect(await invoke('plain', {})).toMatchObject({ url: '/plain' });
  });

  it('is changed, keeps its id and its secrets, and takes back what it showed', async () => {
    const tool = await create({
      name: 'changing',
      url: `${api}/old`,
      request_type: 'GET',
      auth_type: 'bearer',
      auth_token: 'tok3n',
    });
    const path = `/tools/${tool.id}`;
    const same = await gateway.api('PUT', path, tool);
    expect(same).toMatchObject({
      status: 200,
      body: { ...tool, version: expect.any(Number), updatedAt: expect.any(String) },
    });
    const { body } = await gateway.api('PUT', path, {
      ...tool,
      url: `${api}/new?x=1`,
      request_type: undefined,
      requestType: 'POST',
      description: 'New',
      customName: 'changed',
      visibility: 'private',
    });
    expect(body).toMatchObject({
      id: tool.id,
      name: 'changed',
      description: 'New',
      requestType: 'POST',
      visibility: 'private',
    });
    expect(await invoke('changed', { a: 1 })).toMatchObject({
      method: 'POST',
      url: '/new?x=1',
      body: '{"a":1}',
      headers: { authorization: 'Bearer tok3n' },
    });
    const moved = await gateway.api('PUT', path, { url: 'http://127.0.0.2:1/elsewhere' });
    expect(moved).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('send its credentials again') },
    });
  });

  it('is deleted with what served it', async () => {
    const { id, gatewayId } = await create({ name: 'passing', url: `${api}/x` });
    expect((await gateway.api('DELETE', `/tools/${id}`)).status).toBe(200);
    expect((await gateway.api('GET', `/tools/${id}`)).status).toBe(404);
    expect((await gateway.api('GET', `/gateways/${gatewayId}`)).status).toBe(404);
    await create({ name: 'passing', url: `${api}/x` });
  });

  it('may be for MCP only', async () => {
    await create({ name: 'hidden', url: `${api}/x`, expose_passthrough: false });
    expect((await gateway.api('POST', '/tools/invoke/hidden', {})).status).toBe(403);
    const client = await connectModern(scope, { url: `${gateway.url}/mcp`, token: gateway.token });
    expect(await client.callTool({ name: 'hidden' })).toMatchObject({ structuredContent: { url: '/x' } });
  });

  it('passes on what its endpoint says, and when to come back', async () => {
    await create({ name: 'busy', url: `${api}/v1/busy`, request_type: 'GET' });
    const client = await connectModern(scope, { url: `${gateway.url}/mcp`, token: gateway.token });
    const result = await client.callTool({ name: 'busy' });
    expect(textOf(result)).toBe(
      `HTTP 503 from GET ${api}/v1/busy. The upstream failed; it may be tried again later. Try again in 120 s.\n\nlater`,
    );
  });
});

describe('every tool', () => {
  it('is held to the limits that are set, MCP servers’ too', async () => {
    const limited = await startGateway(scope, { env: { TOOL_RATE_LIMIT: '2', TOOL_CONCURRENT_LIMIT: '5' } });
    const fixture = await startFixture(scope, 'modern');
    await limited.register({ name: 'mcp', url: fixture.url });
    expect((await limited.api('POST', '/tools', { name: 'rest', url: `${api}/x` })).status).toBe(201);
    const client = await connectModern(scope, { url: `${limited.url}/mcp`, token: limited.token });
    for (const name of ['rest', 'mcp-echo']) {
      const call = { name, arguments: { text: 'x' } };
      for (let at = 0; at < 2; at += 1) await client.callTool(call);
      const third = await client.callTool(call).catch((error: unknown) => error);
      expect(third).toMatchObject({ code: -32_010, message: expect.stringContaining('2 times within a minute') });
      expect((third as { data: { retryAfter: number } }).data.retryAfter).toBeGreaterThan(0);
      expect((await limited.api('POST', `/tools/invoke/${name}`, { text: 'x' })).status).toBe(429);
    }
  });

  it('is in no private network unless that is allowed, when others can reach the gateway', async () => {
    const open = await startGateway(scope, { env: { HOST: '0.0.0.0' } });
    const local = open.url.replace('0.0.0.0', '127.0.0.1');
    const post = async (path: string, body: object): Promise<string> => {
      const headers = { authorization: `Bearer ${open.token}`, 'content-type': 'application/json' };
      const answered = await fetch(local + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return `${answered.status} ${((await answered.json()) as { detail?: string }).detail}`;
    };
    const { port } = new URL(api);
    expect(await post('/tools', { name: 'a', url: `${api}/x` })).toMatch(/^422 url: .*an address of this machine/);
    expect(await post('/gateways', { name: 'b', url: 'http://10.0.0.1/mcp' })).toMatch(/^422 url: .*private network/);
    // The name passes; what it leads to does not.
    expect(await post('/gateways', { name: 'c', url: `http://localhost:${port}/mcp` })).toMatch(/^502 .*EADDRREFUSED/);
    expect(await post('/tools', { name: 'd', url: `http://localhost:${port}/x`, request_type: 'GET' })).toMatch(/^201/);
    expect(await post('/tools/invoke/d', {})).toMatch(/^403 .*must not be called/);
  });
});
