import { expect, test } from 'vitest';
import type { UpstreamTransport } from '../contracts/model.ts';
import { ADMIN, ALICE, BOUND, setUp, toDiscovered } from './registry.fixture.ts';
import { MASK } from './secrets.ts';

const ALL = { limit: 1000, includeDisabled: true };
const GIT = { name: 'Git Server', url: 'http://git.test/mcp' };

test('creating connects at once and stores the items', async () => {
  const { registry, lists, messages } = setUp();
  lists.set('git.test', {
    tools: ['status', 'log'],
    prompts: ['review'],
    resources: ['git://head'],
    templates: ['git://{ref}'],
  });
  const created = await registry.upstreams.create(ADMIN, GIT);
  expect(created).toMatchObject({ slug: 'git-server', transport: 'streamable-http', owner: ADMIN.id, version: 1 });
  const tools = await registry.tools.list(ADMIN, ALL);
  expect(tools.items.map((tool) => tool.name).toSorted()).toEqual(['git-server-log', 'git-server-status']);
  expect((await registry.counts()).get(created.id)).toEqual({ tools: 2, prompts: 1, resources: 2 });
  expect(messages).toEqual([{ type: 'changed' }]);
});

test('an upstream that cannot be reached is refused and leaves nothing', async () => {
  const { registry, store, messages } = setUp();
  await expect(registry.upstreams.create(ADMIN, GIT)).rejects.toMatchObject({ code: 'upstream_unreachable' });
  expect(await store.upstreams.all()).toEqual([]);
  expect(messages).toEqual([]);
});

test('a disabled one is stored without being connected', async () => {
  const { registry, discovered } = setUp();
  await registry.upstreams.create(ADMIN, { ...GIT, enabled: false });
  expect(discovered).toEqual([]);
});

test('a name or slug that exists is a conflict that says whose, before anything is connected', async () => {
  const { registry, lists, discovered } = setUp();
  lists.set('git.test', {});
  const first = await registry.upstreams.create(ADMIN, GIT);
  await registry.upstreams.setEnabled(ADMIN, first.id, false);
  for (const name of ['Git Server', 'git server', 'GIT_SERVER']) {
    await expect(registry.upstreams.create(ADMIN, { ...GIT, name })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/inactive/),
      data: { id: first.id, enabled: false },
    });
  }
  expect(discovered).toHaveLength(1);
});

test('of two creations at the same time one wins and the other leaves nothing', async () => {
  const { registry, store, lists } = setUp();
  lists.set('git.test', { tools: ['status'] });
  const results = await Promise.allSettled([
    registry.upstreams.create(ADMIN, GIT),
    registry.upstreams.create(ADMIN, GIT),
  ]);
  expect(results.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(await store.upstreams.all()).toHaveLength(1);
  expect(await store.tools.all()).toHaveLength(1);
});

test('secrets are sealed in the store, masked in answers, and in the clear for the pool', async () => {
  const { registry, store, lists, discovered } = setUp();
  lists.set('git.test', {});
  lists.set('run', {});
  const headers = [{ name: 'Authorization', value: 'Bearer hunter2' }];
  const byUrl = await registry.upstreams.create(ADMIN, { ...GIT, headers });
  const byCommand = await registry.upstreams.create(ADMIN, { name: 'run', command: 'run', env: { KEY: 'hunter2' } });
  expect(JSON.stringify(await store.upstreams.all())).not.toContain('hunter2');
  expect(byUrl.headers).toEqual([{ name: 'Authorization', value: MASK }]);
  expect(byCommand.env).toEqual({ KEY: MASK });
  expect(JSON.stringify(await registry.upstreams.list(ADMIN, ALL))).not.toMatch(/hunter2|v1\./);
  expect(discovered.map((record) => record.headers[0]?.value ?? record.env?.['KEY'])).toEqual([
    'Bearer hunter2',
    'hunter2',
  ]);
  const row = await store.upstreams.get(byUrl.id);
  expect((await registry.unsealedUpstream(row!)).headers).toEqual(headers);
});

test("an adapter's own secrets are sealed, masked and kept, but not on the way to another host", async () => {
  const { registry, store, lists, discovered } = setUp();
  lists.set('api.test', {});
  lists.set('other.test', {});
  const input = { name: 'api', transport: 'rest', url: 'http://api.test/', config: '{"a":1}' } as const;
  const created = await registry.upstreams.create(ADMIN, { ...input, secrets: { key: 'hunter2' } });
  expect(created).toMatchObject({ config: '{"a":1}', secrets: { key: MASK } });
  expect(JSON.stringify(await store.upstreams.all())).not.toContain('hunter2');
  await registry.upstreams.update(ADMIN, created.id, { config: '{"a":2}', secrets: { key: MASK, second: 's' } });
  expect(discovered.at(-1)?.secrets).toEqual({ key: 'hunter2', second: 's' });
  const moved = registry.upstreams.update(ADMIN, created.id, { url: 'http://other.test/' });
  await expect(moved).rejects.toMatchObject({ code: 'validation_failed' });
  const masked = registry.upstreams.update(ADMIN, created.id, { url: 'http://other.test/', secrets: { key: MASK } });
  await expect(masked).rejects.toMatchObject({ code: 'validation_failed' });
});

test('a mask sent back keeps the stored value; without one there is an error', async () => {
  const { registry, store, lists } = setUp();
  lists.set('git.test', {});
  const { id } = await registry.upstreams.create(ADMIN, { ...GIT, headers: [{ name: 'X-Key', value: 'hunter2' }] });
  await registry.upstreams.update(ADMIN, id, {
    description: 'now with words',
    headers: [
      { name: 'x-key', value: MASK },
      { name: 'X-New', value: 'new' },
    ],
  });
  expect((await registry.unsealedUpstream((await store.upstreams.get(id))!)).headers).toEqual([
    { name: 'x-key', value: 'hunter2' },
    { name: 'X-New', value: 'new' },
  ]);
  await expect(
    registry.upstreams.update(ADMIN, id, { headers: [{ name: 'X-Other', value: MASK }] }),
  ).rejects.toMatchObject({ code: 'validation_failed', message: expect.stringContaining('X-Other') });
});

test('stored credentials do not travel to another host', async () => {
  const { registry, lists, discovered } = setUp();
  lists.set('git.test', {});
  lists.set('evil.test', {});
  const { id } = await registry.upstreams.create(ADMIN, { ...GIT, headers: [{ name: 'X-Key', value: 'hunter2' }] });
  const url = 'http://evil.test/mcp';
  for (const headers of [undefined, [{ name: 'X-Key', value: MASK }]]) {
    await expect(registry.upstreams.update(ADMIN, id, { url, headers })).rejects.toMatchObject({
      code: 'validation_failed',
    });
  }
  expect(discovered).toHaveLength(1);
  await registry.upstreams.update(ADMIN, id, { url, headers: [{ name: 'X-Key', value: 'mine' }] });
  await registry.upstreams.update(ADMIN, id, { url: 'http://evil.test/other' });
});

test('moving it connects anew, and changes nothing when that fails', async () => {
  const { registry, lists } = setUp();
  lists.set('git.test', { tools: ['status'] });
  const { id } = await registry.upstreams.create(ADMIN, GIT);
  await expect(registry.upstreams.update(ADMIN, id, { url: 'http://gone.test/' })).rejects.toMatchObject({
    code: 'upstream_unreachable',
  });
  expect(await registry.upstreams.get(ADMIN, id)).toMatchObject({ url: GIT.url, version: 1 });
  lists.set('new.test', { tools: ['log'] });
  await registry.upstreams.update(ADMIN, id, { url: 'http://new.test/sse', name: 'New' });
  const { items } = await registry.tools.list(ADMIN, ALL);
  expect(items.map((tool) => tool.name)).toEqual(['new-log']);
});

test('the scheme of its URL says whether it is on WebSocket or gRPC, when it is registered and when it moves', async () => {
  const { registry, lists, discovered } = setUp();
  lists.set('git.test', {});
  const at = async (url: string, transport?: UpstreamTransport) =>
    (await registry.upstreams.update(ADMIN, id, { url, transport })).transport;
  const { id, transport } = await registry.upstreams.create(ADMIN, { name: 'Git', url: 'ws://git.test/ws' });
  expect(transport).toBe('websocket');
  expect(await at('wss://git.test/ws')).toBe('websocket');
  expect(await at('http://git.test/sse')).toBe('sse');
  expect(await at('http://git.test/mcp')).toBe('sse');
  expect(await at('WS://git.test/ws')).toBe('websocket');
  await expect(at('http://git.test/mcp', 'websocket')).rejects.toMatchObject({ code: 'validation_failed' });
  await expect(at('ws://git.test/mcp', 'sse')).rejects.toMatchObject({ code: 'validation_failed' });
  expect(discovered).toHaveLength(5);
  lists.set('git.test:1', {});
  expect(await at('grpc://git.test:1')).toBe('grpc');
  expect(await at('GRPCS://git.test:1')).toBe('grpc');
  expect(await at('http://git.test/mcp')).toBe('streamable-http');
});

test('an upstream can turn from a URL to a command', async () => {
  const { registry, lists } = setUp();
  lists.set('git.test', {});
  lists.set('uvx', {});
  const { id } = await registry.upstreams.create(ADMIN, { ...GIT, headers: [{ name: 'X-Key', value: 'x' }] });
  const turned = await registry.upstreams.update(ADMIN, id, { command: 'uvx', args: ['mcp-server-git'] });
  expect(turned).toMatchObject({ transport: 'stdio', command: 'uvx', headers: [] });
  expect(turned.url).toBeUndefined();
});

test.each<[string, object]>([
  ['an empty name', { name: ' ' }],
  ['a name with a line break', { name: 'a\nb' }],
  ['a header that smuggles a line', { headers: [{ name: 'X-A', value: 'a\r\nHost: b' }] }],
  ['a header that belongs to the connection', { headers: [{ name: 'Transfer-Encoding', value: 'chunked' }] }],
  [
    'a header twice',
    {
      headers: [
        { name: 'a', value: '1' },
        { name: 'A', value: '2' },
      ],
    },
  ],
  ['too many headers', { headers: Array.from({ length: 101 }, (_, n) => ({ name: `h${n}`, value: '' })) }],
  ['a timeout of zero', { timeoutMs: 0 }],
  ['neither url nor command', { url: undefined }],
  ['url and command', { command: 'run' }],
  ['a name of a variable with =', { url: undefined, command: 'run', env: { 'A=B': '1' } }],
  ['NUL in an argument', { url: undefined, command: 'run', args: ['a\0b'] }],
  ['an unknown visibility', { visibility: 'team' }],
])('%s is refused', async (_, change) => {
  const { registry, discovered } = setUp();
  await expect(registry.upstreams.create(ADMIN, { ...GIT, ...change })).rejects.toMatchObject({
    code: 'validation_failed',
  });
  expect(discovered).toEqual([]);
});

test('commands are refused where they are switched off', async () => {
  const { registry } = setUp({ allowStdio: false });
  await expect(registry.upstreams.create(ADMIN, { name: 'run', command: 'run' })).rejects.toMatchObject({
    code: 'forbidden',
  });
});

test('a refresh keeps ids and settings, and counts what it did', async () => {
  const { registry, lists, messages } = setUp();
  lists.set('git.test', { tools: ['status|old', 'log', 'blame'], resources: ['git://x'], templates: ['git://x'] });
  const { id } = await registry.upstreams.create(ADMIN, GIT);
  const before = await registry.tools.get(ADMIN, 'git-server-status');
  await registry.tools.update(ADMIN, before.id, { customName: 'mine', tags: ['Kept'] });
  const server = await registry.servers.create(ADMIN, { name: 's', tools: [before.id, 'git-server-log'] });
  lists.set('git.test', { tools: ['status|new', 'blame', 'diff'], resources: ['git://x'], templates: ['git://x'] });
  messages.length = 0;
  const result = await registry.upstreams.refresh(ADMIN, id);
  expect(result.tools).toEqual({ added: 1, updated: 1, removed: 1, moved: 1 });
  expect(result.resources).toEqual({ added: 0, updated: 0, removed: 0, moved: 0 });
  const after = await registry.tools.get(ADMIN, before.id);
  expect(after).toMatchObject({ name: 'mine', tags: ['kept'], version: 3 });
  expect(after.definition).toContain('new');
  expect((await registry.servers.get(ADMIN, server.id)).toolIds).toEqual([before.id]);
  expect(messages).toEqual([{ type: 'changed' }]);
});

test('a refresh that finds nothing new says nothing to anyone', async () => {
  const { registry, lists, messages } = setUp();
  lists.set('git.test', { tools: ['status'] });
  const { id } = await registry.upstreams.create(ADMIN, GIT);
  messages.length = 0;
  await registry.upstreams.refresh(ADMIN, id);
  expect(messages).toEqual([]);
});

test('callers at the same time share one refresh', async () => {
  const { registry, lists, discovered } = setUp();
  lists.set('git.test', { tools: ['status'] });
  const { id } = await registry.upstreams.create(ADMIN, GIT);
  const results = await Promise.all([1, 2, 3].map(() => registry.upstreams.refresh(ADMIN, id)));
  expect(discovered).toHaveLength(2);
  expect(new Set(results).size).toBe(1);
});

test('readings that the pool brings are stored in their order', async () => {
  const { registry, lists } = setUp();
  lists.set('git.test', {});
  const { id } = await registry.upstreams.create(ADMIN, GIT);
  const bring = (...tools: string[]) => registry.upstreams.refresh(ADMIN, id, toDiscovered({ tools }));
  await Promise.all([bring('a'), bring('a', 'b'), bring('c')]);
  expect((await registry.tools.list(ADMIN, ALL)).items.map((tool) => tool.originalName)).toEqual(['c']);
});

test('a refresh that fails changes nothing and the next one works', async () => {
  const { registry, lists } = setUp();
  lists.set('git.test', { tools: ['status'] });
  const { id } = await registry.upstreams.create(ADMIN, GIT);
  lists.delete('git.test');
  await expect(registry.upstreams.refresh(ADMIN, id)).rejects.toMatchObject({ code: 'upstream_unreachable' });
  expect((await registry.tools.list(ADMIN, ALL)).items).toHaveLength(1);
  lists.set('git.test', { tools: ['log'] });
  await registry.upstreams.refresh(ADMIN, id);
});

test('items follow the visibility of their upstream and cannot exceed it', async () => {
  const { registry, lists } = setUp();
  lists.set('git.test', { tools: ['status'] });
  const { id } = await registry.upstreams.create(ADMIN, { ...GIT, visibility: 'private' });
  expect((await registry.tools.list(ALICE, ALL)).items).toEqual([]);
  await expect(registry.tools.update(ADMIN, 'git-server-status', { visibility: 'public' })).rejects.toMatchObject({
    code: 'validation_failed',
  });
  await registry.upstreams.update(ADMIN, id, { visibility: 'public' });
  expect((await registry.tools.list(ALICE, ALL)).items).toHaveLength(1);
});

test('who is no administrator reads public ones only and changes nothing', async () => {
  const { registry, lists } = setUp();
  lists.set('git.test', {});
  const hidden = await registry.upstreams.create(ADMIN, { ...GIT, visibility: 'private' });
  await expect(registry.upstreams.get(ALICE, hidden.id)).rejects.toMatchObject({ code: 'not_found' });
  const forbidden = { code: 'forbidden' };
  await expect(registry.upstreams.create(ALICE, { ...GIT, name: 'x' })).rejects.toMatchObject(forbidden);
  await expect(registry.upstreams.update(ALICE, hidden.id, {})).rejects.toMatchObject(forbidden);
  await expect(registry.upstreams.delete(ALICE, hidden.id)).rejects.toMatchObject(forbidden);
  await expect(registry.upstreams.refresh(ALICE, hidden.id)).rejects.toMatchObject(forbidden);
  await expect(registry.upstreams.setEnabled(ALICE, hidden.id, false)).rejects.toMatchObject(forbidden);
});

test("an administrator's credential for one server opens nothing else", async () => {
  const { registry } = setUp();
  await expect(registry.upstreams.list(BOUND, ALL)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(registry.upstreams.create(BOUND, GIT)).rejects.toMatchObject({ code: 'forbidden' });
});

test('deleting takes the items along', async () => {
  const { registry, store, lists } = setUp();
  lists.set('git.test', { tools: ['status'] });
  const { id } = await registry.upstreams.create(ADMIN, GIT);
  await registry.upstreams.delete(ADMIN, id);
  expect(await store.tools.all()).toEqual([]);
  await expect(registry.upstreams.delete(ADMIN, id)).rejects.toMatchObject({ code: 'not_found' });
});
