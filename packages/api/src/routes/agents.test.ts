import { beforeEach, describe, expect, it } from 'vitest';
import { setUp, type SetUp } from '../api.fixture.ts';

interface Named {
  readonly name: string;
}

let api: SetUp;
beforeEach(() => {
  api = setUp();
  api.tools.set('agents:1', ['a2a_helper']);
  api.tools.set('agents:2', ['plan', 'book']);
});

/** What the registry was given: the config as an object. */
const registered = () => {
  const record = api.connected.at(-1);
  return { ...record, config: JSON.parse(record?.config ?? 'null') as unknown };
};

describe('registering an agent', () => {
  it('takes the body of ContextForge, wrapped and in snake_case: A2A over JSON-RPC, without a card', async () => {
    const agent = {
      name: 'helper',
      endpoint_url: 'http://agents:1/rpc',
      agent_type: 'generic',
      protocol_version: '0.3',
      capabilities: { streaming: true },
    };
    const { status, body } = await api.send('POST', '/a2a', { json: { agent, visibility: 'public' } });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'helper',
      slug: 'helper',
      agentType: 'jsonrpc',
      protocolVersion: '0.3',
      capabilities: { streaming: true },
      endpointUrl: 'http://agents:1/rpc',
      reachable: true,
    });
    expect(registered()).toMatchObject({
      transport: 'a2a',
      config: { endpoint: { binding: 'JSONRPC', protocolVersion: '0.3', streaming: true } },
    });
  });

  it('takes a whole body of ContextForge, with what there is not here, as long as it asks for nothing by it', async () => {
    const agent = {
      name: 'Help Desk',
      slug: 'help-desk',
      description: null,
      endpoint_url: 'http://agents:1/rpc',
      config: {},
      passthrough_headers: null,
      oauth_config: null,
      tags: [{ id: 'a', label: 'A' }],
      team_id: null,
      owner_email: null,
      generate_uaid: false,
      uaid_registry: 'context-forge',
      uaid_protocol: 'a2a',
      uaid_skills: [],
      version: '1.0.0',
    };
    const send = (more: object) => api.send('POST', '/a2a', { json: { agent: { ...agent, ...more }, team_id: null } });
    expect((await send({})).status).toBe(201);
    for (const [field, value] of Object.entries({
      slug: 'its-own',
      team_id: 'red',
      generate_uaid: true,
      passthrough_headers: ['X-A'],
    })) {
      const { status, body } = await send({ name: 'Other', slug: undefined, [field]: value });
      expect([status, body.error.details.issues[0].field], field).toEqual([422, field]);
      expect(body.detail, field).toContain('leave it out');
    }
  });

  it('takes the address of a card, which says the rest', async () => {
    const json = { name: 'trips', endpointUrl: 'http://agents:2/.well-known/agent-card.json' };
    const { body } = await api.send('POST', '/a2a', { json });
    expect(body).toMatchObject({ agentType: 'a2a', tools: ['trips-plan', 'trips-book'] });
    expect(registered().config).toEqual({ agentType: 'a2a' });
  });

  it('keeps the name that ContextForge gives to the tool of an agent', async () => {
    const json = { name: 'Helper', endpointUrl: 'http://agents:1/rpc' };
    const { body } = await api.send('POST', '/a2a', { json });
    expect(body.tools).toEqual(['a2a_helper']);
  });

  it.each([
    [
      { auth_type: 'basic', auth_username: 'u', auth_password: 'hidden' },
      [{ name: 'Authorization', value: `Basic ${btoa('u:hidden')}` }],
    ],
    [{ auth_type: 'bearer', auth_token: 'hidden' }, [{ name: 'Authorization', value: 'Bearer hidden' }]],
    [{ auth_type: 'api_key', auth_value: 'hidden' }, [{ name: 'X-API-Key', value: 'hidden' }]],
    [{ auth_type: 'authheaders', auth_headers: [{ key: 'X-A', value: 'hidden' }] }, [{ name: 'X-A', value: 'hidden' }]],
  ])('sends credentials as %j says', async (auth, headers) => {
    const json = { name: 'helper', endpoint_url: 'http://agents:1/rpc', ...auth };
    const { text } = await api.send('POST', '/a2a', { json });
    expect(registered()).toMatchObject({ headers, secrets: undefined });
    expect(text).not.toMatch(/hidden|aGlkZGVu/);
  });

  it('keeps a key for the query apart, sealed and out of answers', async () => {
    const auth = { auth_type: 'query_param', auth_query_param_key: 'key', auth_query_param_value: 'hidden-value' };
    const json = { name: 'helper', endpoint_url: 'http://agents:1/rpc', ...auth };
    const { body, text } = await api.send('POST', '/a2a', { json });
    expect(registered()).toMatchObject({
      config: { query: { key: 'auth_query_param' } },
      secrets: { auth_query_param: 'hidden-value' },
    });
    expect(body).toMatchObject({ authType: 'query_param', authQueryParamKey: 'key' });
    expect(text).not.toContain('hidden-value');
    expect(JSON.stringify(await api.store.upstreams.all())).not.toContain('hidden-value');
    expect((await api.send('PUT', `/a2a/${body.id}`, { json: body })).status).toBe(200);
    expect((await api.store.upstreams.all())[0]?.secrets).toHaveProperty('auth_query_param');
    const bearer = { auth_type: 'bearer', auth_token: 't' };
    const changed = await api.send('PUT', `/a2a/${body.id}`, { json: bearer });
    expect(changed.body).toMatchObject({ authType: 'authheaders', authQueryParamKey: null });
    expect(registered().secrets).toBeUndefined();
  });

  it('takes a client of OAuth as ContextForge spells it, seals its secret and masks it', async () => {
    const oauth_config = {
      grant_type: 'client_credentials',
      token_url: 'https://id.example/token',
      client_id: 'me',
      client_secret: 'hidden-value',
      scopes: ['a', 'b'],
    };
    const json = { name: 'helper', endpoint_url: 'http://agents:1/rpc', auth_type: 'oauth', oauth_config };
    const { status, body, text } = await api.send('POST', '/a2a', { json });
    expect(status).toBe(201);
    const credential = { tokenUrl: 'https://id.example/token', clientId: 'me', scope: 'a b' };
    expect(registered()).toMatchObject({
      config: { oauth: { ...credential, clientSecret: 'auth_oauth_client' } },
      secrets: { auth_oauth_client: 'hidden-value' },
      headers: [],
    });
    expect(body).toMatchObject({
      authType: 'oauth',
      oauthConfig: { grantType: 'client_credentials', clientId: 'me', clientSecret: '*****', scopes: 'a b' },
    });
    expect(text + JSON.stringify(await api.store.upstreams.all())).not.toContain('hidden-value');
    expect((await api.send('GET', `/a2a/${body.id}`, { as: 'alice' })).body.oauthConfig).toBeNull();
    // What was read is sent back, as it is and with another scope: the secret stays.
    expect((await api.send('PUT', `/a2a/${body.id}`, { json: body })).status).toBe(200);
    const oauthConfig = { ...body.oauthConfig, scopes: 'c', tokenEndpointAuthMethod: 'client_secret_post' };
    const changed = await api.send('PUT', `/a2a/${body.id}`, { json: { ...body, oauthConfig } });
    expect(changed.body.oauthConfig).toEqual(oauthConfig);
    expect(registered()).toMatchObject({
      config: { oauth: { scope: 'c', clientAuth: 'post' } },
      secrets: { auth_oauth_client: 'hidden-value' },
    });
    const described = await api.send('PUT', `/a2a/${body.id}`, { json: { description: 'Helps' } });
    expect(described.body).toMatchObject({ authType: 'oauth', oauthConfig });
    const bearer = await api.send('PUT', `/a2a/${body.id}`, { json: { auth_type: 'bearer', auth_token: 't' } });
    expect(bearer.body).toMatchObject({ authType: 'authheaders', oauthConfig: null });
    expect(registered()).toMatchObject({ secrets: undefined });
  });

  it('replaces the header that proved the gateway before by a client of OAuth, and keeps others', async () => {
    const headers = [
      { key: 'Authorization', value: 'Bearer old' },
      { key: 'X-Tenant', value: 'blue' },
    ];
    const json = {
      name: 'helper',
      endpoint_url: 'http://agents:1/rpc',
      auth_type: 'authheaders',
      auth_headers: headers,
    };
    const { body } = await api.send('POST', '/a2a', { json });
    const oauthConfig = { tokenUrl: 'https://id.example/token', clientId: 'me', clientSecret: 's3cret' };
    const changed = await api.send('PUT', `/a2a/${body.id}`, { json: { ...body, authType: 'oauth', oauthConfig } });
    expect(changed.body).toMatchObject({ authType: 'oauth', authHeaders: [{ key: 'X-Tenant', value: '*****' }] });
    expect(registered().headers).toEqual([{ name: 'X-Tenant', value: 'blue' }]);
  });

  it('says which field is wrong', async () => {
    const send = async (json: object) => (await api.send('POST', '/a2a', { json })).body.error.message;
    expect(await send({ name: 'x' })).toContain('endpointUrl');
    expect(await send({ name: 'x', endpointUrl: 'http://agents:1', agent_type: 'magic' })).toContain('agentType');
    expect(await send({ name: 'x', endpointUrl: 'http://agents:1', auth_type: 'api_key' })).toContain('authValue');
    expect(await send({ name: 'x', endpointUrl: 'http://agents:1', auth_type: 'query_param' })).toContain(
      'authQueryParamKey',
    );
    expect(await send({ name: 'x', endpointUrl: 'ftp://agents:1' })).toMatch(/^endpointUrl: must begin with/);
    expect(await send({ name: 'x', endpoint: 'http://agents:1' })).toContain('did you mean "endpointUrl"?');
    expect(await send({ name: 'x', endpointUrl: 'http://agents:1', protocol_version: '2.0' })).toBe(
      'protocolVersion: must be one of 1.0, 0.3',
    );
    const oauth = (oauth_config?: object) =>
      send({ name: 'x', endpointUrl: 'http://agents:1', auth_type: 'oauth', oauth_config });
    expect(await oauth()).toContain('oauthConfig');
    const good = { token_url: 'https://id.example/token', client_id: 'me', client_secret: 's' };
    expect(await oauth({ ...good, grant_type: 'authorization_code' })).toContain('oauthConfig.grantType');
    expect(await oauth({ ...good, client_secret: '' })).toContain('oauthConfig.clientSecret');
    expect(await oauth({ ...good, scopes: Array.from({ length: 1000 }, () => 's') })).toContain('oauthConfig.scopes');
  });

  it('is for administrators', async () => {
    const json = { name: 'helper', endpointUrl: 'http://agents:1/rpc' };
    expect((await api.send('POST', '/a2a', { json, as: 'alice' })).status).toBe(403);
  });
});

describe('agents', () => {
  beforeEach(async () => {
    api.tools.set('git', ['status']);
    await api.send('POST', '/gateways', { json: { name: 'git', url: 'http://git/mcp' } });
    const config = { model: 'm' };
    await api.send('POST', '/a2a', {
      json: { name: 'helper', endpoint_url: 'http://agents:1/v1', agent_type: 'openai', config },
    });
    await api.send('POST', '/a2a', { json: { name: 'trips', endpoint_url: 'http://agents:2/card.json' } });
  });

  it('are listed, gateways are not; only administrators see where they are', async () => {
    const { body } = await api.send('GET', '/a2a');
    // Those of one moment are in the order of their ids.
    const [helper, trips, ...others] = body.toSorted((a: Named, b: Named) => a.name.localeCompare(b.name));
    expect([helper.name, trips.name, others]).toEqual(['helper', 'trips', []]);
    const seen = await api.send('GET', '/v1/a2a/helper', { as: 'alice' });
    expect(seen.body).toMatchObject({ agentType: 'openai', endpointUrl: null, config: null, authType: null });
    expect([trips.metrics, seen.body.metrics]).toMatchObject([{ totalExecutions: 2, inputTokens: 7 }, null]);
    expect((await api.send('GET', '/a2a/git')).status).toBe(404);
  });

  it('are a page of their own, however many gateways stand between them', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      api.tools.set(name, [name]);
      await api.send('POST', '/gateways', { json: { name, url: `http://${name}/mcp` } });
    }
    api.tools.set('agents:3', ['a2a_last']);
    await api.send('POST', '/a2a', { json: { name: 'last', endpoint_url: 'http://agents:3/rpc' } });
    const { body } = await api.send('GET', '/a2a?limit=3');
    expect(body.map(({ name }: Named) => name).toSorted()).toEqual(['helper', 'last', 'trips']);
    const first = await api.send('GET', '/a2a?limit=2&include_pagination=true');
    const rest = await api.send('GET', `/a2a?limit=2&cursor=${encodeURIComponent(first.body.nextCursor)}`);
    expect([first.body.agents.length, rest.body.length]).toEqual([2, 1]);
  });

  it('are changed, switched off and deleted by id or name', async () => {
    const { body } = await api.send('PUT', '/a2a/helper', { json: { agent: { config: { model: 'n' } } } });
    expect(body).toMatchObject({ agentType: 'openai', config: { agentType: 'openai', model: 'n' } });
    const off = await api.send('POST', `/a2a/${body.id}/state?activate=false`);
    expect(off.body).toMatchObject({ status: 'success', agent: { enabled: false } });
    expect((await api.send('DELETE', '/a2a/helper')).status).toBe(200);
    expect((await api.send('GET', '/a2a')).body).toHaveLength(1);
  });

  it('are called with words under any of their names', async () => {
    for (const parameters of [
      { query: 'hi', contextId: 'c' },
      { text: 'hi', contextId: 'c' },
      { message: { parts: [{ kind: 'text', text: 'hi' }] }, contextId: 'c' },
      { method: 'message/send', params: { message: { parts: [{ kind: 'text', text: 'hi' }] } }, contextId: 'c' },
    ]) {
      const json = { parameters, interaction_type: 'query' };
      const { status, body } = await api.send('POST', '/a2a/helper/invoke', { json, as: 'alice' });
      expect(status).toBe(200);
      expect(JSON.parse(body.content[0].text).arguments).toEqual({ query: 'hi', contextId: 'c' });
    }
    const { body } = await api.send('GET', '/a2a/helper');
    const byId = await api.send('POST', '/a2a/invoke', { json: { agent_id: body.id, parameters: { query: 'hi' } } });
    expect(byId.status).toBe(200);
  });

  it('with several skills want to know which', async () => {
    const send = (json: object) => api.send('POST', '/a2a/trips/invoke', { json });
    const { status, body } = await send({ parameters: { query: 'hi' } });
    expect([status, body.error.message]).toEqual([422, 'skill: the agent "trips" has these: plan, book']);
    expect((await send({ skill: 'book', parameters: { query: 'hi' } })).status).toBe(200);
    expect((await api.send('POST', '/a2a/nobody/invoke', { json: {} })).status).toBe(404);
  });
});

describe('A2A itself', () => {
  it('is spoken with agents and published servers, whose cards say where', async () => {
    const rpc = { jsonrpc: '2.0', id: 1, method: 'SendMessage' };
    await api.send('POST', '/a2a', { json: { name: 'helper', endpoint_url: 'http://agents:1/rpc' } });
    const { body } = await api.send('POST', '/a2a/helper/jsonrpc', { json: rpc, as: 'alice' });
    expect(body).toEqual({ upstreamId: (await api.store.upstreams.all())[0]?.id, asked: rpc });
    const served = await api.send('POST', '/servers/team/a2a', { json: rpc, as: 'alice' });
    expect(served.body).toEqual({ serverId: 'team', asked: rpc });
    const rest = await api.send('POST', '/v1/servers/team/a2a/tasks/t%201:cancel?x=1', {
      json: {},
      headers: { 'content-type': 'application/a2a+json', 'a2a-version': '1.0' },
      as: 'alice',
    });
    expect(rest.body).toEqual({
      serverId: 'team',
      method: 'POST',
      path: 'tasks/t 1:cancel',
      query: 'x=1',
      body: {},
      a2aVersion: '1.0',
    });
    expect((await api.send('GET', '/servers/team/a2a/tasks')).body).toMatchObject({ method: 'GET', path: 'tasks' });
    expect((await api.send('DELETE', '/servers/team/a2a/a/b/c')).body).toMatchObject({ path: 'a/b/c' });
    expect((await api.send('PUT', '/servers/team/a2a/tasks', { json: {} })).status).toBe(405);
    expect((await api.send('GET', '/servers/team/a2a/tasks', { as: '' })).status).toBe(401);
    const headers = { 'x-forwarded-proto': 'https' };
    const card = await api.send('GET', '/servers/team/.well-known/agent-card.json', { headers });
    expect(card.body.url).toBe('https://localhost/servers/team/a2a');
    expect((await api.send('GET', '/servers/team/.well-known/agent-card.json', { as: '' })).status).toBe(401);
  });

  it('is switched on for a virtual server, which may have agents by the name of ContextForge', async () => {
    await api.send('POST', '/a2a', { json: { name: 'helper', endpoint_url: 'http://agents:1/rpc' } });
    const server = { name: 'team', associated_a2a_agents: ['helper'] };
    const { body } = await api.send('POST', '/servers', { json: { server } });
    expect(body).toMatchObject({ a2aEnabled: false, associatedGateways: [expect.any(String)] });
    const changed = await api.send('PUT', `/servers/${body.id}`, { json: { a2a_enabled: true } });
    expect(changed.body).toMatchObject({ a2aEnabled: true, associatedGateways: body.associatedGateways });
  });
});
