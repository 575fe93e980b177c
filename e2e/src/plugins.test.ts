/** Plugins around tools of a real gateway: those that ship, those of an operator's own, and those that misbehave. */
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { GATEWAY } from './harness/paths.ts';
import { run } from './harness/process.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

const FILE = `
plugin_settings: { plugin_timeout: 0.5 }
plugins:
  - name: no_passwords
    kind: plugins.deny_filter.deny.DenyListPlugin
    chain_only: true
    hooks: [tool_pre_invoke]
    config: { words: [password] }
  - name: polite
    kind: search_replace
    chain_only: true
    config: { words: [{ search: '(?i)crap', replace: 'crud' }] }
  - name: tenant
    kind: header_injector
    chain_only: true
    config: { headers: { X-Tenant: '\${TENANT}' } }
  - name: no_secrets
    kind: secrets_detection
    hooks: [tool_post_invoke]
    chain_only: true
    config: { redact: true, block_on_detection: false }
  - { name: own, kind: ./own.mjs, chain_only: true, config: { suffix: '-x' } }
  - { name: throws, kind: ./own.mjs, chain_only: true, config: { how: throw } }
  - { name: hangs, kind: ./own.mjs, chain_only: true, config: { how: hang } }
  - { name: garbage, kind: ./own.mjs, chain_only: true, config: { how: garbage } }
  - { name: fragile, kind: ./own.mjs, chain_only: true, on_error: ignore, config: { how: throw } }
  - { name: everywhere, kind: ./own.mjs, config: { how: count } }
  - name: bloating
    kind: search_replace
    chain_only: true
    timeout: 10
    config: { words: [{ search: '(a)', replace: '\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1\\1' }] }
  - { name: off, kind: ./own.mjs, mode: disabled }
`;

const MODULE = `
let calls = 0;
export function createPlugin({ suffix, how }) {
  const beforeCall = {
    throw() { throw new Error('the database password is hunter2'); },
    hang: () => new Promise(() => {}),
    garbage: () => ({ allow: 'maybe' }),
    count() { calls += 1; },
  }[how];
  if (beforeCall !== undefined) {
    return { beforeCall, afterCall: how === 'count' ? (_, result) => {
      const { content } = result.value;
      return { result: { ...result.value, _meta: { calls } } };
    } : undefined };
  }
  return {
    beforeCall: ({ arguments: args, state }) => {
      state.city = args.value.city;
      return { arguments: { ...args.value, city: args.value.city + suffix } };
    },
    afterCall: ({ state }) => state.city === 'Nowhere' ? { toolError: 'There is no weather in Nowhere' } : undefined,
  };
}
`;

const scope = createScope();
const folder = scope.folder();
const env = { PLUGINS_ENABLED: 'true', PLUGINS_CONFIG_FILE: join(folder, 'config.yaml'), TENANT: 'acme' };
let gateway: Gateway;
let api: string;

beforeAll(async () => {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  scope.add(server, () => void server.close());
  api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(folder, 'config.yaml'), FILE);
  writeFileSync(join(folder, 'own.mjs'), MODULE);
  gateway = await startGateway(scope, { env });
});
afterAll(() => scope.end());

let reached = 0;

/** Echoes, with a token that nobody should see. */
function answer({ url, headers }: IncomingMessage, response: ServerResponse): void {
  reached += 1;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ url, tenant: headers['x-tenant'] ?? null, token: `ghp_${'a1'.repeat(18)}` }));
}

/** Registers a tool whose calls are echoed. */
async function create(name: string, chains: object): Promise<void> {
  const tool = { name, url: `${api}/weather/{city}`, request_type: 'GET', ...chains };
  const { status, body } = await gateway.api('POST', '/tools', tool);
  expect(status, JSON.stringify(body)).toBe(201);
}

async function invoke(name: string, city: string, by = gateway): Promise<{ status: number; body: Invoked }> {
  const { status, body } = await by.api('POST', `/tools/invoke/${name}`, { arguments: { city } });
  return { status, body: body as Invoked };
}

interface Invoked {
  readonly structuredContent?: Record<string, unknown>;
  readonly content?: { text: string }[];
  readonly isError?: boolean;
  readonly error?: { code: string; message: string };
}

describe('a tool with plugin_chain_pre', () => {
  it('is not called with what a plugin denies, by clients of both eras', async () => {
    await create('guarded', { plugin_chain_pre: ['no_passwords', 'polite'] });
    const url = `${gateway.url}/mcp`;
    const clients = [
      await connectLegacy(scope, { url, token: gateway.token }),
      await connectModern(scope, { url, token: gateway.token }),
    ];
    const before = reached;
    for (const client of clients) {
      await expect(client.callTool({ name: 'guarded', arguments: { city: 'my password' } })).rejects.toThrow(
        /"no_passwords" denied the call: A denied word/,
      );
    }
    expect(reached).toBe(before);
    for (const client of clients) {
      const result = await client.callTool({ name: 'guarded', arguments: { city: 'CRAPville' } });
      expect(result.structuredContent).toMatchObject({ url: '/weather/crudville' });
    }
    // The trail is written in batches.
    await until('both denials are in the trail', async () => {
      const { body } = await gateway.api('GET', '/audit?limit=20');
      const { entries } = body as { entries: { outcome: string }[] };
      return entries.filter(({ outcome }) => outcome === 'denied').length === 2;
    });
  });

  it('is refused by REST as well, and told why', async () => {
    const { status, body } = await invoke('guarded', 'password');
    expect(status).toBe(403);
    expect(body.error).toMatchObject({ message: expect.stringContaining('no_passwords') as string });
  });

  it('is not called with arguments under a name that a plugin would not see', async () => {
    const before = reached;
    for (const name of ['Arguments', 'argumentſ']) {
      const params = { name: 'guarded', [name]: { city: 'password' } };
      const { body } = await gateway.api('POST', '/rpc', { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      expect(body).toMatchObject({ error: { code: -32602, message: expect.stringContaining(name) as string } });
    }
    expect(reached).toBe(before);
  });

  it('sends the headers that a plugin adds, with variables filled in', async () => {
    await create('headed', { plugin_chain_pre: ['tenant'] });
    expect((await invoke('headed', 'x')).body.structuredContent).toMatchObject({ tenant: 'acme' });
    expect((await invoke('guarded', 'x')).body.structuredContent).toMatchObject({ tenant: null });
  });
});

describe('a tool with plugin_chain_post', () => {
  it('answers without what a plugin redacts, in text and structure alike', async () => {
    await create('redacted', { plugin_chain_post: ['no_secrets'] });
    const { body } = await invoke('redacted', 'x');
    expect(body.structuredContent).toMatchObject({ url: '/weather/x', token: '***REDACTED***' });
    expect(JSON.stringify(body)).not.toContain('ghp_');
    expect(JSON.stringify((await invoke('guarded', 'x')).body)).toContain('ghp_');
  });
});

describe('plugins of the operator', () => {
  it('change arguments, keep what they know until after the call, and make tool errors', async () => {
    await create('own_tool', { plugin_chain_pre: ['own'], plugin_chain_post: ['own'] });
    expect((await invoke('own_tool', 'Rome')).body.structuredContent).toMatchObject({ url: '/weather/Rome-x' });
    const { body } = await invoke('own_tool', 'Nowhere');
    expect(body).toMatchObject({ isError: true, content: [{ text: 'There is no weather in Nowhere' }] });
  });

  it('that no chain restricts are around calls of every tool, of MCP servers too', async () => {
    const fixture = await startFixture(scope, 'modern');
    const id = await gateway.register({ name: 'everything', url: fixture.url });
    const client = await connectModern(scope, { url: await gateway.compose('all', [id]), token: gateway.token });
    const { tools } = await client.listTools();
    const echo = tools.find(({ name }) => name === 'echo');
    const call = { name: echo?.name ?? '', arguments: { text: 'x', message: 'x' } };
    const [first, second] = [await client.callTool(call), await client.callTool(call)];
    const callsOf = ({ _meta }: { _meta?: unknown }) => (_meta as { calls: number }).calls;
    expect(callsOf(second)).toBe(callsOf(first) + 1);
    expect(textOf(first)).toContain('x');
  });

  it('around a tool of an MCP server are set by PUT', async () => {
    const { body } = await gateway.api('PUT', '/tools/everything-echo', { plugin_chain_pre: ['no_passwords'] });
    expect(body).toMatchObject({ pluginChainPre: ['no_passwords'], integrationType: 'MCP' });
    const { status } = await gateway.api('POST', '/tools/invoke/everything-echo', { text: 'password' });
    expect(status).toBe(403);
  });
});

describe('a plugin that misbehaves', () => {
  it.each([
    ['throws', /hunter2/],
    ['hangs', /within 500 ms/],
    ['garbage', /it returned .+allow/],
  ])('%s, so the call is not made, and only the log knows more', async (name, logged) => {
    await create(`with_${name}`, { plugin_chain_pre: [name] });
    const before = reached;
    const { status, body } = await invoke(`with_${name}`, 'x');
    expect(status).toBe(500);
    expect(body.error?.message).toBe(`The plugin "${name}" failed, and the call must not go on without it`);
    expect(JSON.stringify(body)).not.toContain('hunter2');
    expect(reached).toBe(before);
    await gateway.process.says(logged);
  });

  it('and would make texts without end of long ones does not take the gateway with it', async () => {
    await create('bloated', { plugin_chain_pre: ['bloating'] });
    expect((await invoke('bloated', 'a'.repeat(4_000_000))).status).toBe(500);
    await gateway.process.says(/its replacements are too long/);
    expect((await invoke('bloated', 'a')).body.structuredContent).toMatchObject({ url: `/weather/${'a'.repeat(20)}` });
  });

  it('and is to be ignored then is passed over', async () => {
    await create('with_fragile', { plugin_chain_pre: ['fragile'] });
    expect((await invoke('with_fragile', 'x')).status).toBe(200);
  });
});

describe('chains', () => {
  it('of names that there are not are refused, and nothing is kept', async () => {
    const tool = { name: 'wrong', url: `${api}/x`, plugin_chain_pre: ['polite', 'no_secrts'] };
    const { status, body } = await gateway.api('POST', '/tools', tool);
    expect(status).toBe(422);
    expect(body).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^pluginChainPre: there is no plugin "no_secrts"; there are no_passwords, polite, tenant, no_secrets, own/,
        ) as string,
      },
    });
    expect((await gateway.api('GET', '/tools/wrong')).status).toBe(404);
    const off = await gateway.api('PUT', '/tools/guarded', { plugin_chain_post: ['no_passwords'] });
    expect(off).toMatchObject({
      status: 422,
      body: { error: { message: expect.stringContaining('has no hook') as string } },
    });
  });

  it('whose plugins are gone after a restart refuse calls until they are put right', async () => {
    expect(await gateway.process.stop()).toBe(0);
    const bare = await startGateway(scope, { dataDir: gateway.dataDir });
    const before = reached;
    const { status, body } = await invoke('guarded', 'x', bare);
    expect([status, reached]).toEqual([500, before]);
    expect(body.error?.message).toContain('there is no plugin "no_passwords"; this Forge has no plugins');
    expect((await bare.api('GET', '/tools/guarded')).body).toMatchObject({
      pluginChainPre: ['no_passwords', 'polite'],
      pluginChainError: expect.stringContaining('no_passwords') as string,
    });
    await bare.api('PUT', '/tools/guarded', { plugin_chain_pre: [] });
    expect((await invoke('guarded', 'x', bare)).status).toBe(200);
    await bare.process.stop();
    gateway = await startGateway(scope, { dataDir: gateway.dataDir, env });
    expect((await invoke('own_tool', 'Rome')).body.structuredContent).toMatchObject({ url: '/weather/Rome-x' });
  });
});

describe('the list of plugins', () => {
  it('says what there is, to administrators', async () => {
    const { status, body } = await gateway.api('GET', '/v1/plugins?search=e');
    expect(status).toBe(200);
    expect(body).toMatchObject({ pluginsGloballyEnabled: true });
    const all = (await gateway.api('GET', '/plugins')).body as { plugins: unknown[]; disabledCount: number };
    expect(all).toMatchObject({ disabledCount: 1 });
    expect(all.plugins).toContainEqual(
      expect.objectContaining({ name: 'polite', kind: 'search_replace', chainOnly: true }),
    );
  });

  it('is what `check` shows, and what is wrong keeps the gateway from starting', async () => {
    const check = { command: process.execPath, args: [GATEWAY, 'check'], cwd: folder };
    const good = await run({ ...check, env });
    expect(good).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('polite (search_replace, enforce)') as string,
    });
    writeFileSync(join(folder, 'wrong.yaml'), 'plugins:\n  - name: a\n    kind: serach_replace\n');
    const wrong = { ...env, PLUGINS_CONFIG_FILE: 'wrong.yaml' };
    for (const args of [
      [GATEWAY, 'check'],
      [GATEWAY, 'serve', '--port', '0'],
    ]) {
      expect(await run({ ...check, args, env: wrong })).toMatchObject({
        code: expect.any(Number) as number,
        stderr: expect.stringMatching(
          /wrong\.yaml:3:11: plugins\[0\]\.kind: .* Did you mean search_replace\?/,
        ) as string,
      });
    }
  });
});
