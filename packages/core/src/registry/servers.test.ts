import { expect, test } from 'vitest';
import { ADMIN, ALICE, BOUND, setUp } from './registry.fixture.ts';

const ALL = { limit: 1000, includeDisabled: true };

async function withGit() {
  const parts = setUp();
  parts.lists.set('git.test', { tools: ['status', 'log'], prompts: ['review'], resources: ['git://head'] });
  const git = await parts.registry.upstreams.create(ADMIN, { name: 'git', url: 'http://git.test/mcp' });
  return { ...parts, git };
}

test('associations are found by id and by every name', async () => {
  const { registry, git } = await withGit();
  const log = await registry.tools.get(ADMIN, 'git-log');
  const server = await registry.servers.create(ADMIN, {
    id: 'team_1',
    name: 'Team',
    tools: ['status', 'git-log', log.id],
    prompts: ['git-review'],
    resources: ['git://head'],
    upstreams: ['git', git.id],
  });
  expect(server).toMatchObject({ id: 'team_1', naming: 'auto', upstreamIds: [git.id] });
  expect(server.toolIds).toHaveLength(2);
  expect(server.toolIds).toContain(log.id);
  expect(server.promptIds).toHaveLength(1);
  expect(server.resourceIds).toHaveLength(1);
});

test('an association that does not exist is named', async () => {
  const { registry } = await withGit();
  for (const associations of [
    { tools: ['nix'] },
    { resources: ['nix'] },
    { prompts: ['nix'] },
    { upstreams: ['nix'] },
  ]) {
    await expect(registry.servers.create(ADMIN, { name: 's', ...associations })).rejects.toMatchObject({
      code: 'validation_failed',
      message: expect.stringContaining('nix'),
    });
  }
  expect((await registry.servers.list(ADMIN, ALL)).items).toEqual([]);
});

test.each(['a/b', '', '../x', 'a'.repeat(65), 'ä'])('the id %j is refused', async (id) => {
  const { registry } = setUp();
  await expect(registry.servers.create(ADMIN, { id, name: 's' })).rejects.toMatchObject({ code: 'validation_failed' });
});

test('an id or a name that exists is a conflict', async () => {
  const { registry } = setUp();
  await registry.servers.create(ADMIN, { id: 'x', name: 's' });
  await expect(registry.servers.create(ADMIN, { id: 'x', name: 't' })).rejects.toMatchObject({ code: 'conflict' });
  await expect(registry.servers.create(ADMIN, { name: 'S' })).rejects.toMatchObject({ code: 'conflict' });
});

test('an update replaces what it names and keeps the rest', async () => {
  const { registry } = await withGit();
  await registry.servers.create(ADMIN, {
    id: 'x',
    name: 's',
    description: 'd',
    tools: ['status'],
    prompts: ['review'],
  });
  const changed = await registry.servers.update(ADMIN, 'x', { tools: ['log'], naming: 'original' });
  expect(changed).toMatchObject({ name: 's', description: 'd', naming: 'original', version: 2 });
  expect(changed.toolIds).toEqual([(await registry.tools.get(ADMIN, 'git-log')).id]);
  expect(changed.promptIds).toHaveLength(1);
});

test('the revisions it serves are of those that the gateway serves; none chosen is all of them', async () => {
  const { registry } = setUp({ protocolVersions: ['2026-07-28', '2025-11-25', '2025-06-18'] });
  const chosen = ['2025-06-18', '2026-07-28', '2025-06-18'];
  const server = await registry.servers.create(ADMIN, { id: 'x', name: 's', protocolVersions: chosen });
  expect(server.protocolVersions).toEqual(['2025-06-18', '2026-07-28']);
  expect((await registry.servers.update(ADMIN, 'x', { description: 'd' })).protocolVersions).toHaveLength(2);
  await expect(registry.servers.update(ADMIN, 'x', { protocolVersions: ['2025-03-26'] })).rejects.toMatchObject({
    code: 'validation_failed',
    message: 'protocolVersions: "2025-03-26" is not served; a choice of 2026-07-28, 2025-11-25, 2025-06-18 can be',
  });
  expect((await registry.servers.update(ADMIN, 'x', { protocolVersions: [] })).protocolVersions).toBeUndefined();
});

test('its items are the chosen ones and those of whole upstreams, as far as the principal may see them', async () => {
  const { registry } = await withGit();
  await registry.servers.create(ADMIN, { id: 'x', name: 's', tools: ['status'], upstreams: ['git'] });
  expect((await registry.servers.items(ADMIN, 'x', 'tools')).map((tool) => tool.name).toSorted()).toEqual([
    'git-log',
    'git-status',
  ]);
  await registry.tools.update(ADMIN, 'git-status', { visibility: 'private' });
  expect((await registry.servers.items(ALICE, 'x', 'tools')).map((tool) => tool.name)).toEqual(['git-log']);
  const server = await registry.servers.get(ALICE, 'x');
  expect([...(await registry.servers.names(ALICE, [server])).values()]).toEqual(['git']);
});

test('a credential for one server sees that one and changes nothing', async () => {
  const { registry } = setUp();
  await registry.servers.create(ADMIN, { id: 'only', name: 'a' });
  await registry.servers.create(ADMIN, { id: 'other', name: 'b' });
  expect((await registry.servers.list(BOUND, ALL)).items.map((server) => server.id)).toEqual(['only']);
  await expect(registry.servers.get(BOUND, 'other')).rejects.toMatchObject({ code: 'forbidden' });
  await expect(registry.servers.get(BOUND, 'nix')).rejects.toMatchObject({ code: 'forbidden' });
  await expect(registry.servers.update(BOUND, 'only', { name: 'c' })).rejects.toMatchObject({ code: 'forbidden' });
});

test('the first administrator is made once', async () => {
  const { registry } = setUp();
  const user = { email: 'Admin@Example.com', fullName: 'A', passwordHash: '$scrypt$x' };
  expect(await registry.users.createFirstAdmin(user)).toBe(true);
  expect(await registry.users.createFirstAdmin({ ...user, email: 'b@example.com' })).toBe(false);
  const users = await registry.users.list(ADMIN);
  expect(users).toMatchObject([{ email: 'admin@example.com', admin: true }]);
  expect(JSON.stringify(users)).not.toContain('scrypt');
  await expect(registry.users.list(ALICE)).rejects.toMatchObject({ code: 'forbidden' });
});

test('a revoked token is stored and told to every replica', async () => {
  const { registry, store, messages } = setUp();
  await registry.tokens.revoke(ADMIN, { jti: 'j1' });
  expect(await store.revokedTokens.all(Date.now())).toMatchObject([{ jti: 'j1' }]);
  expect(messages).toEqual([{ type: 'token-revoked', jti: 'j1' }]);
  await expect(registry.tokens.revoke(ALICE, { jti: 'j2' })).rejects.toMatchObject({ code: 'forbidden' });
  await expect(registry.tokens.revoke(ADMIN, { jti: '' })).rejects.toMatchObject({ code: 'validation_failed' });
});
