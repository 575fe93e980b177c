import { expect, test } from 'vitest';
import { type Answer, setUp, type SetUp } from '../api.fixture.ts';
import { GatewayRead, RefreshAnswer } from '../contract/gateways.ts';

const GIT = { name: 'git', url: 'http://git/mcp' };

async function withGit(fields: object = {}): Promise<SetUp & { git: Answer['body'] }> {
  const parts = setUp();
  parts.tools.set('git', ['status', 'log']);
  const { status, body } = await parts.send('POST', '/gateways', { json: { ...GIT, ...fields } });
  expect(status).toBe(201);
  return { ...parts, git: body };
}

test('a flat body in snake_case and a wrapped one in camelCase register alike', async () => {
  const { send, tools, connected } = setUp();
  tools.set('a', []);
  tools.set('b', []);
  const flat = await send('POST', '/gateways', {
    json: { name: 'a', url: 'http://a/sse', auth_type: 'bearer', auth_token: 'tok', passthrough_headers: null },
  });
  const wrapped = await send('POST', '/v1/gateways/', {
    json: {
      gateway: { name: 'b', url: 'http://b/x', authType: 'BEARER', authToken: 'tok' },
      visibility: 'private',
      team_id: null,
    },
  });
  expect(flat).toMatchObject({
    status: 201,
    body: { transport: 'SSE', visibility: 'public', authType: 'authheaders' },
  });
  expect(wrapped).toMatchObject({ status: 201, body: { transport: 'STREAMABLEHTTP', visibility: 'private' } });
  const socket = await send('POST', '/gateways', { json: { name: 'c', url: 'ws://b/ws' } });
  expect(socket).toMatchObject({ status: 201, body: { transport: 'WEBSOCKET', url: 'ws://b/ws' } });
  expect(connected.slice(0, 2).map((record) => record.headers)).toEqual([
    [{ name: 'Authorization', value: 'Bearer tok' }],
    [{ name: 'Authorization', value: 'Bearer tok' }],
  ]);
});

test('a server in the process of the gateway goes by its name', async () => {
  const { send, tools, connected } = setUp();
  tools.set('clock', ['now']);
  for (const transport of ['IN_PROCESS', 'in-process', 'INPROCESS']) {
    const { status, body } = await send('POST', '/gateways', { json: { name: 'clock', transport } });
    expect(status).toBe(201);
    expect(body).toMatchObject({ transport: 'INPROCESS', url: null, config: { server: 'clock' } });
    expect(GatewayRead.parse(body)).toEqual(body);
    expect(connected.at(-1)).toMatchObject({ transport: 'in-process', config: '{"server":"clock"}' });
    await send('DELETE', `/gateways/${body.id}`);
  }
  const { status, body } = await send('POST', '/gateways', {
    json: { name: 'clock', transport: 'in-process', url: 'http://clock/mcp' },
  });
  expect(status).toBe(422);
  expect(JSON.stringify(body)).toContain('does not go with a server in this process');
});

test('the answer has counts and status, and follows the contract', async () => {
  const { git, send } = await withGit();
  expect(GatewayRead.parse(git)).toEqual(git);
  expect(git).toMatchObject({
    slug: 'git',
    reachable: true,
    toolCount: 2,
    resourceCount: 2,
    promptCount: 1,
    status: { state: 'connected', era: 'modern', lastError: { code: 'x', message: 'inner' } },
    skippedTools: ['tools "odd": it has no schema'],
    createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
  });
  expect((await send('GET', `/gateways/${git.id}`)).body).toEqual(git);
});

test.each([
  [{ auth_type: 'basic', auth_username: 'ä', auth_password: 'b:c' }, 'Authorization', `Basic ${btoa('Ã¤:b:c')}`],
  [{ auth_type: 'authheaders', auth_header_key: 'X-Key', auth_header_value: 'v' }, 'X-Key', 'v'],
  [{ auth_headers: [{ key: 'X-Key', value: 'v' }] }, 'X-Key', 'v'],
  [{ headers: { 'x_under-Score': 'v' } }, 'x_under-Score', 'v'],
])('%j becomes a header', async (fields, name, value) => {
  const { connected, git, send } = await withGit(fields);
  expect(connected[0]?.headers).toEqual([{ name, value }]);
  expect(git.authHeaders).toEqual([{ key: name, value: '*****' }]);
  expect((await send('GET', '/gateways')).text).not.toContain(value === 'v' ? '"v"' : value);
});

test('a command is launched as given: names within env stay as they are', async () => {
  const { send, tools, connected } = setUp();
  tools.set('uvx', []);
  const json = {
    name: 'run',
    command: 'uvx',
    args: ['--my_flag'],
    env: { my_key: 'hunter2', __proto__x: '1' },
    cwd: '/tmp',
  };
  const { status, body } = await send('POST', '/gateways', { json });
  expect(status).toBe(201);
  expect(connected[0]).toMatchObject({ command: 'uvx', args: ['--my_flag'], env: json.env, transport: 'stdio' });
  expect(body).toMatchObject({ transport: 'STDIO', env: { my_key: '*****' }, url: null });
});

test('what was read can be sent back: nothing changes, secrets stay', async () => {
  const { git, send, store, registry } = await withGit({
    auth_headers: [{ key: 'X-Key', value: 'hunter2' }],
    tags: ['A'],
  });
  const { status, body } = await send('PUT', `/gateways/${git.id}`, { json: { ...git, description: 'changed' } });
  expect(status).toBe(200);
  expect(body).toMatchObject({ description: 'changed', version: 2, tags: ['a'] });
  const row = await store.upstreams.get(git.id);
  expect((await registry.unsealedUpstream(row!)).headers).toEqual([{ name: 'X-Key', value: 'hunter2' }]);
});

test('auth_type none takes the credentials away, and a masked token keeps them', async () => {
  const { git, send } = await withGit({ auth_token: 'hunter2' });
  const kept = await send('PUT', `/gateways/${git.id}`, { json: { auth_type: 'bearer', auth_token: '*****' } });
  expect(kept.body.authHeaders).toEqual([{ key: 'Authorization', value: '*****' }]);
  const gone = await send('PUT', `/gateways/${git.id}`, { json: { auth_type: 'none' } });
  expect(gone.body).toMatchObject({ authType: 'none', authHeaders: [] });
});

test.each([
  ['a name that is missing', { url: 'http://git/' }, 'name'],
  ['an unknown key, naming the nearest', { ...GIT, auth_tpye: 'none' }, '"authType"'],
  ['a key in two spellings', { ...GIT, auth_type: 'none', authType: 'none' }, 'twice'],
  ['a transport that is not that of its url', { ...GIT, transport: 'ws' }, 'url'],
  ['a transport that does not exist', { ...GIT, transport: 'carrier-pigeon' }, 'transport'],
  ['bearer without a token', { ...GIT, auth_type: 'bearer' }, 'authToken'],
  ['a user name with a colon', { ...GIT, auth_type: 'basic', auth_username: 'a:b', auth_password: 'c' }, 'colon'],
  ['a wrong type', { ...GIT, tags: 'a' }, 'tags'],
  ['a team', { ...GIT, team_id: 'x' }, 'team_id'],
  ['a link-local address', { ...GIT, url: 'http://169.254.169.254/' }, 'link-local'],
])('%s is a 422', async (_, json, told) => {
  const { send, connected } = setUp();
  const { status, body } = await send('POST', '/gateways', { json });
  expect(status).toBe(422);
  expect(body.error.code).toBe('validation_failed');
  expect(body.detail).toContain(told);
  expect(connected).toEqual([]);
});

test('keys of prototypes are unknown keys like others', async () => {
  const { send } = setUp();
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const body = `{"name":"x","url":"http://x/","${key}":{"admin":true}}`;
    expect((await send('POST', '/gateways', { body })).status).toBe(422);
  }
  expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
});

test('an upstream that cannot be reached is a 502 and nothing is kept', async () => {
  const { send } = setUp();
  const { status, body } = await send('POST', '/gateways', { json: GIT });
  expect(status).toBe(502);
  expect(body.error).toMatchObject({ code: 'upstream_unreachable', id: expect.stringMatching(/^\w{8}$/) });
  expect((await send('GET', '/gateways?include_inactive=true')).body).toEqual([]);
});

test('a name that exists is a 409 with its id', async () => {
  const { send, git } = await withGit();
  const { status, body } = await send('POST', '/gateways', { json: GIT });
  expect(status).toBe(409);
  expect(body.error.details.id).toBe(git.id);
});

test('state and toggle switch it, and lists leave inactive ones out', async () => {
  const { send, git } = await withGit();
  const off = await send('POST', `/gateways/${git.id}/state?activate=false`);
  expect(off.body).toMatchObject({
    status: 'success',
    message: 'The gateway "git" is inactive',
    gateway: { enabled: false },
  });
  expect((await send('GET', '/gateways')).body).toEqual([]);
  expect((await send('GET', '/gateways?includeInactive=1')).body).toHaveLength(1);
  expect((await send('POST', `/gateways/${git.id}/refresh`)).status).toBe(409);
  expect((await send('POST', `/v1/gateways/${git.id}/toggle?activate=true`)).body.gateway.enabled).toBe(true);
});

test.each([
  ['', { activate: false }, false],
  ['?activate=true', { activate: false }, false],
  ['?activate=false', { activate: true }, true],
  ['?activate=false', {}, false],
  ['', {}, true],
])('state%s with the body %j leaves it enabled: %s', async (query, json, enabled) => {
  const { send, git } = await withGit();
  const { status, body } = await send('POST', `/gateways/${git.id}/state${query}`, { json });
  expect([status, body.gateway.enabled]).toEqual([200, enabled]);
});

test('state says what it does not know, and changes nothing', async () => {
  const { send, git } = await withGit();
  const { status, body } = await send('POST', `/gateways/${git.id}/state`, { json: { activated: false } });
  expect([status, body.detail]).toEqual([422, 'activated: is not known here; did you mean "activate"?']);
});

test.each(['refresh', 'tools/refresh'])('POST /gateways/{id}/%s counts what changed', async (path) => {
  const { send, git, tools } = await withGit();
  tools.set('git', ['log', 'diff', 'blame']);
  const { status, body } = await send('POST', `/gateways/${git.id}/${path}`);
  expect(status).toBe(200);
  expect(RefreshAnswer.parse(body)).toMatchObject({ toolsAdded: 2, toolsRemoved: 1, gatewayId: git.id });
});

test('deleting it takes its tools along', async () => {
  const { send, git } = await withGit();
  expect((await send('DELETE', `/gateways/${git.id}`)).body.status).toBe('success');
  expect((await send('GET', '/tools')).body).toEqual([]);
  expect((await send('DELETE', `/gateways/${git.id}`)).status).toBe(404);
});

test('pages are walked by the cursor, the header or the link, and meet every row once', async () => {
  const { send, tools } = setUp();
  for (let n = 0; n < 7; n += 1) {
    tools.set(`h${n}`, []);
    await send('POST', '/gateways', { json: { name: `g${n}`, url: `http://h${n}/` } });
  }
  const seen: string[] = [];
  let url = '/gateways?limit=3&include_pagination=true';
  for (;;) {
    const { body, headers } = await send('GET', url);
    seen.push(...body.gateways.map((row: { name: string }) => row.name));
    expect(headers.get('x-next-cursor')).toBe(body.nextCursor);
    const link = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    if (link === undefined) break;
    url = new URL(link, 'http://x/gateways').pathname + new URL(link, 'http://x/gateways').search;
  }
  expect(seen.toSorted()).toEqual(['g0', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6']);
  expect((await send('GET', '/gateways?limit=0')).body).toHaveLength(7);
  expect((await send('GET', '/gateways?limit=2')).body).toHaveLength(2);
});

test.each(["' OR 1=1 --", 'AAAA', '\0', '1; DROP TABLE upstreams', btoa('[1]')])(
  'the cursor %j is a 400',
  async (cursor) => {
    const { send } = await withGit();
    const { status, body } = await send('GET', `/gateways?cursor=${encodeURIComponent(cursor)}`);
    expect(status).toBe(400);
    expect(body.error.code).toBe('invalid_params');
  },
);

test.each([
  ['limit=-1', /^limit: must be at least 0$/],
  ['limit=1001', /^limit: must be at most 1000$/],
  ['limit=x', /^limit: must be a number, not a text$/],
  ['limit=1.5', /^limit: must be a whole number/],
  ['include_inactive=maybe', /^includeInactive: must be one of true, /],
  ['nope=1', /^nope: is not known here/],
  [`cursor=${'a'.repeat(5000)}`, /^cursor: must have at most 4096 characters$/],
])('the query %s is a 422 that says why', async (query, why) => {
  const { send } = setUp();
  const { status, body } = await send('GET', `/gateways?${query}`);
  expect([status, body.detail]).toEqual([422, expect.stringMatching(why)]);
});

test('who is no administrator sees public ones, but not how they are reached', async () => {
  const { send, git, tools } = await withGit({ url: 'http://git/mcp?key=hunter2', auth_token: 'tok' });
  tools.set('p', []);
  const hidden = await send('POST', '/gateways', { json: { name: 'p', url: 'http://p/', visibility: 'private' } });
  const list = await send('GET', '/gateways', { as: 'alice' });
  expect(list.body.map((row: { name: string }) => row.name)).toEqual(['git']);
  expect(list.text).not.toMatch(/hunter2|inner/);
  expect(list.body[0]).toMatchObject({ url: null, authHeaders: null, env: null });
  expect((await send('GET', `/gateways/${hidden.body.id}`, { as: 'alice' })).status).toBe(404);
  for (const [method, path] of [
    ['POST', '/gateways'],
    ['PUT', `/gateways/${git.id}`],
    ['DELETE', `/gateways/${git.id}`],
    ['POST', `/gateways/${git.id}/state`],
    ['POST', `/gateways/${git.id}/refresh`],
    ['POST', '/import/mcp-servers'],
  ] as const) {
    expect((await send(method, path, { as: 'alice', json: {} })).status).toBe(403);
    expect((await send(method, path, { as: 'bound', json: {} })).status).toBe(403);
    expect((await send(method, path, { as: '', json: {} })).status).toBe(401);
  }
  expect((await send('GET', '/gateways', { as: 'bound' })).status).toBe(403);
});

test("a client's configuration is imported server by server; one that fails stops no other", async () => {
  const { send, tools, connected } = setUp();
  for (const host of ['npx', 'a', 'b', 'c']) tools.set(host, ['one']);
  const mcpServers = {
    files: { command: 'npx', args: ['-y', 'server'], env: { TOKEN: 'hunter2' }, autoApprove: ['x'] },
    remote: { type: 'http', url: 'http://a/mcp', headers: { 'X-Key': 'v' } },
    windsurf: { serverUrl: 'http://b/sse' },
    off: { url: 'http://gone/', disabled: true },
    gone: { url: 'http://gone/' },
    asks: { url: 'http://c/', headers: { Authorization: 'Bearer ${input:token}' } },
    reads: { command: 'npx', envFile: '.env' },
    odd: 'text',
    bad: { url: 'http://u:p@c/' },
  };
  const { status, body } = await send('POST', '/import/mcp-servers', { json: { mcpServers } });
  expect(status).toBe(200);
  expect(body).toMatchObject({ created: 4, failed: 5 });
  const by = Object.fromEntries(body.results.map((result: { name: string }) => [result.name, result]));
  expect(by.files).toMatchObject({ status: 'created', toolCount: 1, ignored: ['autoApprove'] });
  expect(by.off).toMatchObject({ status: 'created' });
  expect(by.gone.error.code).toBe('upstream_unreachable');
  expect(by.asks.error.message).toContain('${input:token}');
  expect(by.reads.error.message).toContain('envFile');
  expect(connected.find((record) => record.name === 'windsurf')?.transport).toBe('sse');
  expect(JSON.stringify(body)).not.toContain('hunter2');
});

test("VS Code's `servers` are taken, an empty file is none, and too many are too many", async () => {
  const { send, tools } = setUp();
  tools.set('a', []);
  expect(
    (await send('POST', '/import/mcp-servers', { json: { servers: { a: { url: 'http://a/' } }, inputs: [] } })).body
      .created,
  ).toBe(1);
  expect((await send('POST', '/import/mcp-servers', { json: {} })).status).toBe(422);
  expect((await send('POST', '/import/mcp-servers', { json: [] })).status).toBe(422);
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`s${n}`, {}]));
  expect((await send('POST', '/import/mcp-servers', { json: { mcpServers: many } })).status).toBe(422);
});
