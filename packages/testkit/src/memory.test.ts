import { createMemoryBus, createMemoryStore } from '@forge/core';
import { expect, it } from 'vitest';
import { describeBus } from './describe-bus.ts';
import { describeStore } from './describe-store.ts';

describeStore('memory', async () => createMemoryStore());

describeBus('memory', async () => {
  const bus = createMemoryBus();
  return { here: bus, there: bus };
});

it('a memory bus tells of what a subscriber threw', async () => {
  const errors: unknown[] = [];
  const bus = createMemoryBus({ onError: (error) => errors.push(error) });
  const faulty = new Error('faulty');
  bus.subscribe(() => {
    throw faulty;
  });
  await bus.publish({ type: 'changed' });
  expect(errors).toEqual([faulty]);
});
