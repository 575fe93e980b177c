import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { SyncSeal } from './sync-seal.ts';

const seal = new SyncSeal(randomBytes(32));

it('opens what it has sealed, and never seals to the same text', () => {
  const texts = Array.from({ length: 600 }, () => seal.seal('äöü 🔑', 'context'));
  expect(new Set(texts).size).toBe(600);
  expect(new Set(texts.map((text) => text.slice(0, 16))).size).toBe(600);
  for (const text of texts) expect(seal.unseal(text, 'context')).toBe('äöü 🔑');
  expect(seal.unseal(seal.seal('', ''), '')).toBe('');
});

it('opens nothing for another context, with another key, cut off, or changed by a bit', () => {
  const text = seal.seal('x', 'context');
  expect(seal.unseal(text, 'another')).toBeUndefined();
  expect(new SyncSeal(randomBytes(32)).unseal(text, 'context')).toBeUndefined();
  for (let length = 0; length < text.length; length += 1) {
    expect(seal.unseal(text.slice(0, length), 'context')).toBeUndefined();
  }
  const bytes = Buffer.from(text, 'base64url');
  for (let at = 0; at < bytes.length; at += 1) {
    const changed = Buffer.from(bytes);
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
    expect(seal.unseal(changed.toString('base64url'), 'context')).toBeUndefined();
  }
});

it('knows one spelling of what it has sealed', () => {
  const text = seal.seal('xy', 'context'); // 30 bytes: no bits are left over
  const bits = seal.seal('x', 'context'); // 29 bytes: the last character has two bits that say nothing
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const other = alphabet[alphabet.indexOf(bits.at(-1) ?? '') ^ 1];
  for (const spelling of [`${text}=`, ` ${text}`, `${text}!`, `${text}\n`, bits.slice(0, -1) + other]) {
    expect(seal.unseal(spelling, 'context')).toBeUndefined();
  }
});
