import {
  type Client,
  type Endpoint,
  type ExchangeRequest,
  JsonText,
  type Listener,
  type Outcome,
  NOBODY,
} from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import type { Interceptor } from '../contracts/interceptor.ts';
import type { Principal } from '../contracts/principal.ts';
import { createForge, type Forge } from '../create-forge.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { observeCalls } from '../pipeline/observe.ts';
import { createSealer } from '../registry/sealer.ts';
import { type Script, script, scriptedAdapter } from '../upstreams/scripted-upstream.fixture.ts';

const ADMIN: Principal = { id: 'admin@example.com', admin: true };
const GUEST: Principal = { id: 'guest@example.com', admin: false };

let forge: Forge;
afterEach(() => forge.close());

async function start(
  scripts: Record<string, Script>,
  protocolVersions?: readonly string[],
  interceptors: readonly Interceptor[] = [],
): Promise<Record<string, string>> {
  forge = await createForge({
    store: createMemoryStore(),
    sealer: createSealer('a secret of at least thirty-two characters'),
    adapters: [
      scriptedAdapter(Object.fromEntries(Object.entries(scripts).map(([name, one]) => [`http://${name}/mcp`, one]))),
    ],
    health: { retryMs: 5, maxRetryMs: 20 },
    interceptors,
    ...(protocolVersions && { protocolVersions }),
  });
  const ids: Record<string, string> = {};
  for (const name of Object.keys(scripts)) {
    const upstream = await forge.registry.upstreams.create(ADMIN, { name, url: `http://${name}/mcp` });
    ids[name] = upstream.id;
  }
  return ids;
}

async function serverOf(ids: readonly string[], naming?: 'auto' | 'prefixed'): Promise<Endpoint> {
  const server = await forge.registry.servers.create(ADMIN, {
    name: `server of ${ids.join()}`,
    upstreams: ids,
    naming,
  });
  return endpointAt(server.id);
}

function endpointAt(serverId?: string, principal = ADMIN): Endpoint {
  const endpoint = forge.endpoint(serverId, principal);
  if (!endpoint) throw new Error('no endpoint');
  return endpoint;
}

function request(method: string, params: Record<string, unknown> = {}, principal = ADMIN): ExchangeRequest {
  const client: Client = {
    era: 'modern',
    protocolVersion: '2026-07-28',
    caller: principal,
    capabilities: new JsonText('{}'),
  };
  const target = (params['name'] ?? params['uri']) as string | undefined;
  return { method, params: JsonText.of(params), client, target };
}

function call(
  endpoint: Endpoint,
  method: string,
  params?: Record<string, unknown>,
  principal?: Principal,
): Promise<Outcome> {
  return endpoint.handle(request(method, params, principal), NOBODY);
}

async function toolNames(endpoint: Endpoint): Promise<string[]> {
  const { result } = await call(endpoint, 'tools/list');
  const { tools } = (result?.value ?? { tools: [] }) as { tools: { name: string }[] };
  return tools.map((tool) => tool.name);
}

/** Waits until `check` is true; the test's own time limit ends it. */
async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('an endpoint over one upstream', () => {
  it('lists every page of the upstream, in its order, and renames nothing', async () => {
    const ids = await start({ git: script(['z', 'a', 'm', 'b', 'y']) });
    expect(await toolNames(await serverOf([ids['git'] as string]))).toEqual(['z', 'a', 'm', 'b', 'y']);
  });

  it('reads resources that the upstream does not list', async () => {
    const git = script([], { resources: [{ uri: 'x://listed', name: 'listed' }] });
    const ids = await start({ git });
    const { result } = await call(await serverOf([ids['git'] as string]), 'resources/read', { uri: 'x://unlisted' });
    expect(result?.value).toMatchObject({ called: 'x://unlisted' });
  });

  it('reads none that it keeps from its caller', async () => {
    const ids = await start({ git: script([], { resources: [{ uri: 'x://listed', name: 'listed' }] }) });
    const endpoint = await serverOf([ids['git'] as string]);
    const { items } = await forge.registry.resources.list(ADMIN, { limit: 10, includeDisabled: true });
    await forge.registry.resources.setEnabled(ADMIN, items[0]?.id ?? '', false);
    expect((await call(endpoint, 'resources/read', { uri: 'x://listed' })).error).toMatchObject({ code: -32602 });
  });
});

describe('MCP Apps', () => {
  const CLOCK = { name: 'clock', inputSchema: {}, _meta: { ui: { resourceUri: 'ui://clock' } } };
  const OLDER = { name: 'older', inputSchema: {}, _meta: { 'ui/resourceUri': 'ui://older' } };
  const apps = () =>
    script([], {
      tools: [CLOCK, OLDER, { name: 'odd', inputSchema: {}, _meta: { ui: { resourceUri: 'file:///x' } } }],
    });
  const read = (endpoint: Endpoint, uri: string) => call(endpoint, 'resources/read', { uri });

  it('have the resources that tools name where the tools are, listed or not, and no others', async () => {
    const ids = await start({ apps: apps(), git: script(['status']) });
    const endpoint = await serverOf(Object.values(ids));
    const { result } = await call(endpoint, 'tools/list');
    expect(result?.text).toContain('"_meta":{"ui":{"resourceUri":"ui://clock"}}');
    for (const uri of ['ui://clock', 'ui://older']) {
      expect((await read(endpoint, uri)).result?.value).toMatchObject({ called: uri });
    }
    for (const uri of ['file:///x', 'ui://other']) expect((await read(endpoint, uri)).error?.code).toBe(-32602);
    const chosen = await forge.registry.servers.create(ADMIN, { name: 'chosen', tools: ['apps-clock'] });
    expect((await read(endpointAt(chosen.id), 'ui://clock')).result).toBeDefined();
    expect((await read(endpointAt(chosen.id), 'ui://older')).error?.code).toBe(-32602);
  });

  it('stay out of reach where their resource does', async () => {
    const withResource = apps();
    withResource.resources.push({ uri: 'ui://clock', name: 'clock' });
    const ids = await start({ apps: withResource, git: script(['status']) });
    const endpoint = await serverOf(Object.values(ids));
    const { items } = await forge.registry.resources.list(ADMIN, { limit: 10, includeDisabled: true });
    await forge.registry.resources.update(ADMIN, items[0]?.id ?? '', { visibility: 'private' });
    expect((await read(endpoint, 'ui://clock')).result).toBeDefined();
    const guest = request('resources/read', { uri: 'ui://clock' }, GUEST);
    expect((await endpoint.handle(guest, NOBODY)).error?.code).toBe(-32602);
  });

  it('are declared by an endpoint of one server that declares them, with its settings', async () => {
    const declaring = script(['a'], {
      capabilities: { extensions: { 'io.modelcontextprotocol/ui': { x: 1 }, 'a/b': {} } },
    });
    const ids = await start({ declaring, git: script(['status']) });
    const { capabilities } = await (await serverOf(Object.values(ids))).describe(ADMIN);
    expect(capabilities.member('extensions')?.text).toBe('{"io.modelcontextprotocol/ui":{"x":1}}');
    const without = await (await serverOf([ids['git'] as string])).describe(ADMIN);
    expect(without.capabilities.names()).not.toContain('extensions');
  });
});

describe('an endpoint over several upstreams', () => {
  it('prefixes names, and calls each tool at its upstream by its own name', async () => {
    const git = script(['status']);
    const ids = await start({ git, my_time: script(['now']) });
    const endpoint = await serverOf(Object.values(ids));
    expect(await toolNames(endpoint)).toEqual(['git-status', 'my-time-now']);
    const { result } = await call(endpoint, 'tools/call', { name: 'git-status', arguments: { big: 1 } });
    expect(result?.value).toMatchObject({ called: 'status' });
    expect(git.calls.at(-1)?.params?.text).toBe('{"name":"status","arguments":{"big":1}}');
  });

  it('lets lists be remembered for the least time that an upstream says, by their caller alone', async () => {
    const git = script(['status'], { ttlMs: 1000 });
    const ids = await start({ git, time: script(['now'], { ttlMs: 60_000 }), silent: script(['x']) });
    const hints = async (...names: string[]) => {
      const endpoint = await serverOf(names.map((name) => ids[name] as string));
      return (await call(endpoint, 'tools/list')).result?.value;
    };
    expect(await hints('git', 'time', 'silent')).toMatchObject({ ttlMs: 1000, cacheScope: 'private' });
    expect(await hints('time', 'silent')).toMatchObject({ ttlMs: 5000, cacheScope: 'private' });
    git.ttlMs = 0;
    await forge.registry.upstreams.refresh(ADMIN, ids['git'] ?? '');
    expect(await hints('git', 'silent')).toMatchObject({ ttlMs: 0 });
  });

  it('tells two tools apart whose prefixed names are equal', async () => {
    await start({ a: script(['b-c']), 'a-b': script(['c']) });
    const names = await toolNames(endpointAt());
    expect(new Set(names).size).toBe(2);
    expect(names).toContain('a-b-c');
    for (const name of names) expect((await call(endpointAt(), 'tools/call', { name })).error).toBeUndefined();
  });

  it('refuses what it does not list with -32602, and unknown methods with -32601', async () => {
    const ids = await start({ git: script(['status']), time: script(['now']) });
    const endpoint = await serverOf(Object.values(ids));
    expect((await call(endpoint, 'tools/call', { name: 'status' })).error).toMatchObject({
      code: -32602,
      message: 'Unknown tool: status',
    });
    expect((await call(endpoint, 'resources/read', { uri: 'x://y' })).error).toMatchObject({ code: -32602 });
    expect((await call(endpoint, 'no/such')).error).toMatchObject({ code: -32601 });
  });

  it('shows observers what was refused, too: names that are not there, and those of an upstream that is out', async () => {
    const seen: unknown[] = [];
    const watching = observeCalls([
      ({ call: { target, upstreamId }, summary, outcome: { error } }) =>
        void seen.push([target, upstreamId, summary, error?.code]),
    ]);
    const git = script(['status']);
    const ids = await start({ git, time: script(['now']) }, undefined, [watching]);
    const endpoint = await serverOf(Object.values(ids));
    git.down = true;
    git.events?.lost(new Error('gone'));
    await until(async () => (await toolNames(endpoint)).length === 1);
    seen.length = 0;
    for (const name of ['nothing', 'git-status']) await call(endpoint, 'tools/call', { name });
    expect(seen).toEqual([
      ['nothing', undefined, 'error', -32602],
      ['git-status', ids['git'], 'error', -32603],
    ]);
    expect(git.calls.filter(({ method }) => method === 'tools/call')).toEqual([]);
  });

  it('loses only the items of an upstream that is down, says so, and has them back when it is', async () => {
    const git = script(['status']);
    const ids = await start({ git, time: script(['now']) });
    const endpoint = await serverOf(Object.values(ids));
    git.down = true;
    git.events?.lost(new Error('gone'));
    await until(async () => (await toolNames(endpoint)).length === 1);
    const { result } = await call(endpoint, 'tools/list');
    expect(result?.value).toMatchObject({
      tools: [{ name: 'time-now' }],
      _meta: { 'forge/unavailable': [{ gateway: 'git', reason: 'The upstream cannot be reached' }] },
    });
    expect(forge.pool.status(ids['git'] as string)).toMatchObject({
      state: 'unreachable',
      error: { code: 'upstream_unreachable' },
    });
    const refused = await call(endpoint, 'tools/call', { name: 'git-status' });
    expect(refused.error?.message).toContain('"git" has been unreachable since');
    expect((await call(endpoint, 'tools/call', { name: 'time-now' })).error).toBeUndefined();
    git.down = false;
    await until(async () => (await toolNames(endpoint)).length === 2);
    expect((await call(endpoint, 'tools/call', { name: 'git-status' })).error).toBeUndefined();
  });
});

describe('the revisions of an endpoint', () => {
  it('are those of the gateway, unless its virtual server chooses of them, from the next message on', async () => {
    await start({}, ['2025-11-25', '2026-07-28', '2025-06-18']);
    expect(endpointAt().versions).toEqual(['2025-11-25', '2026-07-28', '2025-06-18']);
    const { id } = await forge.registry.servers.create(ADMIN, { name: 's', protocolVersions: ['2025-06-18'] });
    const endpoint = endpointAt(id);
    expect(endpoint.versions).toEqual(['2025-06-18']);
    await forge.registry.servers.update(ADMIN, id, { protocolVersions: [] });
    expect(endpoint.versions).toEqual(['2025-11-25', '2026-07-28', '2025-06-18']);
  });

  it('are not widened by a choice that was made when the gateway served more', async () => {
    await start({});
    const store = createMemoryStore();
    const { id } = await forge.registry.servers.create(ADMIN, { name: 's', protocolVersions: ['2025-06-18'] });
    await store.servers.insert(await forge.registry.servers.get(ADMIN, id));
    await forge.close();
    const sealer = createSealer('a secret of at least thirty-two characters');
    forge = await createForge({ store, sealer, adapters: [], protocolVersions: ['2026-07-28'] });
    expect(endpointAt(id).versions).toEqual([]);
  });
});

describe('listeners', () => {
  function listen(
    endpoint: Endpoint,
    filter: Parameters<Endpoint['listen']>[1],
  ): { notes: string[]; listening: ReturnType<Endpoint['listen']> } {
    const notes: string[] = [];
    const listener: Listener = { note: (method) => notes.push(method) };
    return { notes, listening: endpoint.listen(request('x').client, filter, listener) };
  }

  it('are told of a changed list, of no other list, and only while they listen', async () => {
    const git = script(['status']);
    await start({ git });
    const { notes, listening } = listen(endpointAt(), { toolsListChanged: true, promptsListChanged: true });
    const other = listen(endpointAt(), { promptsListChanged: true });
    git.tools.push({ name: 'log', inputSchema: { type: 'object' } });
    git.events?.listChanged('tools');
    await until(() => notes.length > 0);
    expect(notes).toEqual(['notifications/tools/list_changed']);
    expect(await toolNames(endpointAt())).toEqual(['git-status', 'git-log']);
    expect(other.notes).toEqual([]);
    listening.close();
    other.listening.close();
    expect(forge.listeners).toBe(0);
  });

  it('share one watch per URI at the upstream, taken back by the last', async () => {
    const git = script([], { resources: [{ uri: 'x://a', name: 'a' }] });
    await start({ git });
    const one = listen(endpointAt(), { resourceSubscriptions: ['x://a'] });
    const two = listen(endpointAt(), { resourceSubscriptions: ['x://a', 'x://nobody'] });
    expect([...git.watched]).toEqual(['x://a']);
    git.events?.resourceUpdated('x://a', JsonText.of({ uri: 'x://a' }));
    expect(one.notes).toEqual(['notifications/resources/updated']);
    expect(two.notes).toEqual(['notifications/resources/updated']);
    one.listening.close();
    await new Promise((resolve) => setTimeout(resolve)); // the turn in which watches are looked at
    expect([...git.watched]).toEqual(['x://a']);
    two.listening.close();
    await until(() => git.watched.size === 0);
  });

  it('are told of a resource by the upstream that has it, and by no other', async () => {
    const git = script([], { resources: [{ uri: 'x://a', name: 'a' }] });
    const time = script([], { resources: [{ uri: 'y://b', name: 'b' }] });
    await start({ git, time });
    const one = listen(endpointAt(), { resourceSubscriptions: ['x://a'] });
    time.events?.resourceUpdated('x://a', JsonText.of({ uri: 'x://a' }));
    time.events?.resourceUpdated('x://a/part', JsonText.of({ uri: 'x://a/part' }));
    expect(one.notes).toEqual([]);
    git.events?.resourceUpdated('x://a/part', JsonText.of({ uri: 'x://a/part' }));
    expect(one.notes).toEqual(['notifications/resources/updated']);
    one.listening.close();
  });

  it('wait for the upstreams of their resources, also when somebody else has them watched, and for no other', async () => {
    const git = script([], { resources: [{ uri: 'x://a', name: 'a' }] });
    const time = script([], { resources: [{ uri: 'y://b', name: 'b' }], told: new Promise(() => {}) });
    let tell = (): void => {};
    git.told = new Promise<void>((resolve) => (tell = resolve));
    await start({ git, time });
    listen(endpointAt(), { resourceSubscriptions: ['y://b'] });
    const listeners = ['one', 'two'].map(() => listen(endpointAt(), { resourceSubscriptions: ['x://a'] }));
    const told: number[] = [];
    const waiting = listeners.flatMap(({ listening }, index) => listening.ready?.then(() => told.push(index)) ?? []);
    await new Promise(setImmediate);
    expect(told).toEqual([]);
    tell();
    await Promise.all(waiting);
    expect(told).toEqual([0, 1]);
    expect(listen(endpointAt(), { toolsListChanged: true }).listening.ready).toBeUndefined();
  });

  it('keep watching when the upstream is reached in another way', async () => {
    const git = script([], { resources: [{ uri: 'x://a', name: 'a' }] });
    const ids = await start({ git });
    const { listening } = listen(endpointAt(), { resourceSubscriptions: ['x://a'] });
    git.watched = new Set();
    const headers = [{ name: 'Authorization', value: 'Bearer another' }];
    await forge.registry.upstreams.update(ADMIN, ids['git'] as string, { headers });
    expect(git.connects).toBe(2);
    expect([...git.watched]).toEqual(['x://a']);
    listening.close();
    await until(() => git.watched.size === 0);
  });
});

describe('visibility', () => {
  it('hides private items from others, in lists and in calls alike', async () => {
    const ids = await start({ git: script(['status']) });
    await forge.registry.upstreams.update(ADMIN, ids['git'] as string, { visibility: 'private' });
    const endpoint = endpointAt(undefined, GUEST);
    const { result } = await call(endpoint, 'tools/list', {}, GUEST);
    expect(result?.value).toMatchObject({ tools: [] });
    expect((await call(endpoint, 'tools/call', { name: 'git-status' }, GUEST)).error).toMatchObject({ code: -32602 });
    expect((await call(endpoint, 'tools/call', { name: 'git-status' }, ADMIN)).error).toBeUndefined();
  });

  it('has no endpoint for a server that is unknown, disabled, or private to another', async () => {
    await start({});
    const server = await forge.registry.servers.create(ADMIN, { name: 'secret', visibility: 'private' });
    expect(forge.endpoint('nope', ADMIN)).toBeUndefined();
    expect(forge.endpoint(server.id, GUEST)).toBeUndefined();
    expect(forge.endpoint(server.id, ADMIN)).toBeDefined();
    await forge.registry.servers.setEnabled(ADMIN, server.id, false);
    expect(forge.endpoint(server.id, ADMIN)).toBeUndefined();
  });
});
