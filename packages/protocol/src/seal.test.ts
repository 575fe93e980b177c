import { describe, expect, it } from 'vitest';
import { digestOf, Seal } from './seal.ts';

const KEY = new Uint8Array(32).fill(7);

describe('a seal', () => {
  it('opens for the context that it was made for, and for no other', async () => {
    const text = await new Seal('a.', KEY).seal('plain', 'alice');
    expect(await new Seal('a.', KEY).unseal(text, 'alice')).toBe('plain');
    for (const context of ['bob', 'alice ', 'Alice', '', undefined]) {
      expect(await new Seal('a.', KEY).unseal(text, context)).toBeUndefined();
    }
  });

  it('does not open as one of another kind, whatever its prefix is made into', async () => {
    const text = await new Seal('a.', KEY).seal('plain');
    expect(await new Seal('b.', KEY).unseal(text)).toBeUndefined();
    expect(await new Seal('b.', KEY).unseal(text.replace('a.', 'b.'))).toBeUndefined();
  });

  it('keeps any text', async () => {
    const seal = new Seal('a.');
    for (const text of ['', 'x', 'ключ 😀', '"\\\0', 'y'.repeat(100_000)]) {
      expect(await seal.unseal(await seal.seal(text))).toBe(text);
    }
  });
});

describe('a digest', () => {
  it('tells any texts apart, absent ones and empty ones too', async () => {
    const lists = [['a', 'b'], ['ab'], ['a', undefined, 'b'], ['a', '', 'b'], ['a","b'], [undefined], []];
    const digests = await Promise.all(lists.map(digestOf));
    expect(new Set(digests).size).toBe(lists.length);
    expect(await digestOf(['a', 'b'])).toBe(digests[0]);
  });
});
