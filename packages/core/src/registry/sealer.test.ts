import { expect, test } from 'vitest';
import { createSealer } from './sealer.ts';

test('what is sealed opens again, and never twice to the same text', async () => {
  const sealer = createSealer('secret');
  const first = await sealer.seal('Bearer äöü 🔑', 'upstream/1/header/authorization');
  expect(first).toMatch(/^v1\.[\w-]{16}\.[\w-]+$/);
  expect(await sealer.seal('Bearer äöü 🔑', 'upstream/1/header/authorization')).not.toBe(first);
  expect(await sealer.unseal(first, 'upstream/1/header/authorization')).toBe('Bearer äöü 🔑');
});

test('an empty value can be sealed', async () => {
  const sealer = createSealer('secret');
  expect(await sealer.unseal(await sealer.seal('', 'x'), 'x')).toBe('');
});

test('a sealed value does not open in another row, with another secret, or changed', async () => {
  const sealer = createSealer('secret');
  const sealed = await sealer.seal('token', 'upstream/1/header/authorization');
  const internal = { code: 'internal' };
  await expect(sealer.unseal(sealed, 'upstream/2/header/authorization')).rejects.toMatchObject(internal);
  await expect(createSealer('other').unseal(sealed, 'upstream/1/header/authorization')).rejects.toMatchObject(internal);
  const [version, iv, data = ''] = sealed.split('.');
  const flipped = `${version}.${iv}.${data.startsWith('A') ? 'B' : 'A'}${data.slice(1)}`;
  await expect(sealer.unseal(flipped, 'upstream/1/header/authorization')).rejects.toMatchObject(internal);
  await expect(sealer.unseal('Bearer plain', 'upstream/1/header/authorization')).rejects.toMatchObject(internal);
});

test('a sealed value has one spelling', async () => {
  const sealer = createSealer('secret');
  const sealed = await sealer.seal('x', 'y'); // 17 bytes: the last character has two bits that say nothing
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = alphabet[alphabet.indexOf(sealed.at(-1) ?? '') ^ 1];
  await expect(sealer.unseal(sealed.slice(0, -1) + other, 'y')).rejects.toMatchObject({ code: 'internal' });
  await expect(sealer.unseal(`${sealed}=`, 'y')).rejects.toMatchObject({ code: 'internal' });
});

test('an empty secret is refused', () => {
  expect(() => createSealer('')).toThrow(/must not be empty/);
});

test('a key is derived for one purpose, and is the same wherever the secret is', async () => {
  const [one, again, other] = [createSealer('secret'), createSealer('secret'), createSealer('other')];
  const keys = await Promise.all([one.derive('a'), again.derive('a'), one.derive('b'), other.derive('a')]);
  const texts = keys.map((key) => Buffer.from(key).toString('hex'));
  expect(texts[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(texts[1]).toBe(texts[0]);
  expect(new Set(texts).size).toBe(3);
  await expect(one.derive('store-sealer')).rejects.toMatchObject({ code: 'internal' });
});
