import { expect, it } from 'vitest';
import { createUsageMeter } from './usage.ts';

it('adds up what upstreams tell, one by one', () => {
  const usage = createUsageMeter();
  usage.add('a', { inputTokens: 9, outputTokens: 2 });
  usage.add('a', { inputTokens: 1, outputTokens: 3 });
  usage.add('b', { inputTokens: 5, outputTokens: 0 });
  expect(Object.fromEntries(usage.byUpstream())).toEqual({
    a: { inputTokens: 10, outputTokens: 5, calls: 2 },
    b: { inputTokens: 5, outputTokens: 0, calls: 1 },
  });
});

it.each([-1, Number.NaN, Infinity, 1.5, '7', null])('takes %s for nothing', (tokens) => {
  const usage = createUsageMeter();
  usage.add('a', { inputTokens: tokens as number, outputTokens: 1e15 });
  expect(usage.byUpstream().get('a')).toEqual({ inputTokens: 0, outputTokens: 1e9, calls: 1 });
});

it('forgets the upstream that it met first, where there is no more room', () => {
  const usage = createUsageMeter();
  for (let n = 0; n <= 10_000; n += 1) usage.add(`u${n}`, { inputTokens: 1, outputTokens: 1 });
  const counted = usage.byUpstream();
  expect([counted.size, counted.has('u0'), counted.has('u10000')]).toEqual([10_000, false, true]);
});
