import { expect, it } from 'vitest';
import { Slots } from './slots.ts';

it('lets as many begin as there is room for, in all and of each owner, and who waits longest first', async () => {
  const slots = new Slots(3, 2);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const running = ['a1', 'a2', 'a3', 'b1', 'c1'].map((name) =>
    slots.run(name.slice(0, 1), async () => {
      begun.push(name);
      await new Promise<void>((resolve) => ends.set(name, resolve));
      if (name === 'b1') throw new Error('b1 failed');
    }),
  );
  const settled = Promise.allSettled(running);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  expect(begun).toEqual(['a1', 'a2', 'b1']);
  ends.get('b1')?.();
  await turn();
  expect(begun.slice(3)).toEqual(['c1']);
  ends.get('a1')?.();
  await turn();
  expect(begun.slice(4)).toEqual(['a3']);
  for (const end of ends.values()) end();
  expect((await settled).map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
});
