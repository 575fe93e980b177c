import { expect, it } from 'vitest';
import { createBackOff } from './back-off.ts';

it('a start that failed makes the next one wait, longer each time, up to 15 s', async () => {
  let time = 1000;
  const backOff = createBackOff(() => time);
  expect(backOff.waitMs).toBe(0);
  await expect(backOff.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(backOff.waitMs).toBe(250);
  backOff.failed();
  expect(backOff.waitMs).toBe(500);
  time += 200;
  expect(backOff.waitMs).toBe(300);
  for (let index = 0; index < 40; index += 1) backOff.failed();
  expect(backOff.waitMs).toBe(15_000);
});

it('a child that lived for a while starts from the shortest wait again', async () => {
  let time = 1000;
  const backOff = createBackOff(() => time);
  await backOff.run(() => Promise.resolve());
  for (let index = 0; index < 5; index += 1) backOff.failed();
  time += 60_000;
  expect(backOff.waitMs).toBe(0);
  backOff.failed();
  expect(backOff.waitMs).toBe(250);
});

it('waits before it starts', async () => {
  const backOff = createBackOff();
  backOff.failed();
  const before = performance.now();
  expect(await backOff.run(() => Promise.resolve(7))).toBe(7);
  expect(performance.now() - before).toBeGreaterThan(200);
});
