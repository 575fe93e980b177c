import { describe, expect, it } from 'vitest';
import { RequestStates, STATE_PREFIX } from './request-state.ts';

const KEY = new Uint8Array(32).fill(7);
const FACTS = { call: '1', node: 'n', caller: 'alice', endpoint: 'one', digest: 'd', expires: 5 };

describe('a sealed state', () => {
  it('opens where it was sealed, and where the key is the same', async () => {
    const text = await new RequestStates(KEY).seal(FACTS);
    expect(await new RequestStates(KEY).unseal(text)).toEqual(FACTS);
  });

  it('shows nothing, and looks different each time', async () => {
    const states = new RequestStates();
    const [one, two] = [await states.seal(FACTS), await states.seal(FACTS)];
    expect(one).not.toBe(two);
    expect(one).toMatch(/^forge-call\.[\w-]+$/);
    expect(atob(one.slice(STATE_PREFIX.length).replaceAll('-', '+').replaceAll('_', '/'))).not.toContain('alice');
  });

  it('does not open under another key', async () => {
    expect(await new RequestStates().unseal(await new RequestStates().seal(FACTS))).toBeUndefined();
  });

  it('does not open when any one character of it is another, is missing or is doubled', async () => {
    const states = new RequestStates(KEY);
    const text = await states.seal(FACTS);
    for (let at = 0; at < text.length; at += 1) {
      const [before, after] = [text.slice(0, at), text.slice(at + 1)];
      const others = Array.from('ABab01-_=').filter((other) => other !== text[at]);
      const changed = [
        ...others.map((other) => before + other + after),
        before + after,
        before + text[at] + text.slice(at),
      ];
      for (const other of changed) {
        if (other !== text) expect(await states.unseal(other), other).toBeUndefined();
      }
    }
  });

  it.each(['', 'x', STATE_PREFIX, `${STATE_PREFIX}!`, `${STATE_PREFIX}A`, `${STATE_PREFIX}${'A'.repeat(16)}`])(
    'is not %j',
    async (text) => {
      expect(await new RequestStates(KEY).unseal(text)).toBeUndefined();
    },
  );

  it('takes no key of another length', () => {
    expect(() => new RequestStates(new Uint8Array(16))).toThrow('32');
  });
});
