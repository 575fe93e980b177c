import { expect, test } from 'vitest';
import { ADMIN, ALICE, setUp } from './registry.fixture.ts';

const ALL = { limit: 1000, includeDisabled: true };

async function withTools(...tools: string[]) {
  const parts = setUp();
  for (const name of ['a', 'b']) {
    parts.lists.set(`${name}.test`, { tools, prompts: ['review'] });
    await parts.registry.upstreams.create(ADMIN, { name, url: `http://${name}.test/mcp` });
  }
  return parts;
}

test('an item is found by its id and by a name that only it has', async () => {
  const { registry } = await withTools('status');
  const tool = await registry.tools.get(ALICE, 'a-status');
  expect(await registry.tools.get(ALICE, tool.id)).toEqual(tool);
  await expect(registry.tools.get(ALICE, 'status')).rejects.toMatchObject({
    code: 'validation_failed',
    message: expect.stringContaining(tool.id),
  });
  await expect(registry.tools.get(ALICE, 'nothing')).rejects.toMatchObject({ code: 'not_found' });
});

test('a private item does not exist for others, by id or by name', async () => {
  const { registry } = await withTools('status');
  const { id } = await registry.tools.update(ADMIN, 'a-status', { visibility: 'private' });
  await expect(registry.tools.get(ALICE, id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(registry.tools.get(ALICE, 'a-status')).rejects.toMatchObject({ code: 'not_found' });
});

test('a custom name replaces the name, must be free, and can be taken back', async () => {
  const { registry } = await withTools('status');
  const { id } = await registry.tools.update(ADMIN, 'a-status', { customName: 'git_status' });
  expect((await registry.tools.get(ADMIN, 'git_status')).id).toBe(id);
  await expect(registry.tools.update(ADMIN, 'b-status', { customName: 'git_status' })).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(registry.tools.update(ADMIN, id, { customName: 'b-status' })).rejects.toMatchObject({
    code: 'conflict',
  });
  await expect(registry.tools.update(ADMIN, id, { customName: 'a b' })).rejects.toMatchObject({
    code: 'validation_failed',
  });
  expect((await registry.tools.update(ADMIN, id, { customName: null })).name).toBe('a-status');
});

test('what an upstream says of its tool cannot be changed here', async () => {
  const { registry } = await withTools('status|of the tree');
  await registry.tools.update(ADMIN, 'a-status', { description: 'of the tree' });
  await expect(registry.tools.update(ADMIN, 'a-status', { description: 'x' })).rejects.toMatchObject({
    code: 'validation_failed',
  });
  await expect(registry.prompts.update(ADMIN, 'a-review', { template: 'x' })).rejects.toMatchObject({
    code: 'validation_failed',
  });
});

test('only administrators change items', async () => {
  const { registry } = await withTools('status');
  for (const attempt of [
    () => registry.tools.update(ALICE, 'a-status', { tags: [] }),
    () => registry.tools.setEnabled(ALICE, 'a-status', false),
    () => registry.tools.delete(ALICE, 'a-status'),
    () => registry.prompts.create(ALICE, { name: 'p', template: 'x' }),
    () => registry.resources.create(ALICE, { uri: 'a:b', name: 'r', text: 'x' }),
  ]) {
    await expect(attempt()).rejects.toMatchObject({ code: 'forbidden' });
  }
});

test('a prompt of our own finds its arguments in its template', async () => {
  const { registry } = setUp();
  const prompt = await registry.prompts.create(ADMIN, {
    name: 'greet',
    template: 'Hello {{ user }}, {{user}} of {{ town }}!',
  });
  expect(JSON.parse(prompt.definition)).toEqual({
    name: 'greet',
    arguments: [
      { name: 'user', required: true },
      { name: 'town', required: true },
    ],
  });
  const changed = await registry.prompts.update(ADMIN, 'greet', { template: 'Hi {{ user }}', description: 'shorter' });
  expect(JSON.parse(changed.definition)).toEqual({
    name: 'greet',
    description: 'shorter',
    arguments: [{ name: 'user', required: true }],
  });
  await expect(registry.prompts.create(ADMIN, { name: 'greet', template: 'x' })).rejects.toMatchObject({
    code: 'conflict',
  });
});

test.each(['', '{% if x %}', '{{ a | upper }}', '{{ a.b }}', '{{ __import__("os") }}', '{{ a', 'a'.repeat(65_537)])(
  'the template %j is refused',
  async (template) => {
    const { registry } = setUp();
    await expect(registry.prompts.create(ADMIN, { name: 'p', template })).rejects.toMatchObject({
      code: 'validation_failed',
    });
  },
);

test('a place without an argument is refused', async () => {
  const { registry } = setUp();
  await expect(registry.prompts.create(ADMIN, { name: 'p', template: '{{ a }}', arguments: [] })).rejects.toMatchObject(
    { message: expect.stringContaining('a') },
  );
});

test('a resource of our own has text or a blob, and a size', async () => {
  const { registry } = setUp();
  const text = await registry.resources.create(ADMIN, { uri: 'config://app', name: 'config', text: 'ä' });
  expect(JSON.parse(text.definition)).toMatchObject({ uri: 'config://app', mimeType: 'text/plain', size: 2 });
  const blob = await registry.resources.create(ADMIN, {
    uri: 'pic://1',
    name: 'pic',
    blob: 'AAE=',
    mimeType: 'image/png',
  });
  expect(JSON.parse(blob.definition)).toMatchObject({ mimeType: 'image/png', size: 2 });
  const changed = await registry.resources.update(ADMIN, 'pic', { text: 'now text' });
  expect(changed).toMatchObject({ text: 'now text', version: 2 });
  expect(changed.blob).toBeUndefined();
  expect((await registry.resources.list(ALICE, ALL)).items).toHaveLength(2);
});

test.each<[string, object]>([
  ['no content', { text: undefined }],
  ['two contents', { blob: '' }],
  ['a relative URI', { uri: 'app/config' }],
  ['a URI with a space', { uri: 'a://b c' }],
  ['bad base64', { text: undefined, blob: '!!!!' }],
  ['a media type that is none', { mimeType: 'text' }],
  ['too much', { text: 'a'.repeat(4_194_305) }],
])('a resource with %s is refused', async (_, change) => {
  const { registry } = setUp();
  const input = { uri: 'config://app', name: 'config', text: 'x', ...change };
  await expect(registry.resources.create(ADMIN, input)).rejects.toMatchObject({ code: 'validation_failed' });
});

test('a deleted tool leaves the servers that had it', async () => {
  const { registry } = await withTools('status');
  const { id } = await registry.servers.create(ADMIN, { name: 's', tools: ['a-status', 'b-status'] });
  await registry.tools.delete(ADMIN, 'a-status');
  expect((await registry.servers.get(ADMIN, id)).toolIds).toHaveLength(1);
});
