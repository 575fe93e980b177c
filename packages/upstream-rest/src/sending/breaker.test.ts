import { expect, test } from 'vitest';
import { Breaker } from './breaker.ts';

test('it opens after failures in a row, lets one call try, and waits longer each time', () => {
  let now = 0;
  const breaker = new Breaker({ threshold: 3, openMs: 1000, maxOpenMs: 3000, now: () => now });
  breaker.failed('HTTP 503');
  breaker.failed('HTTP 503');
  breaker.succeeded();
  for (const opens of [false, false, true]) {
    breaker.enter();
    expect(breaker.failed('HTTP 503')).toBe(opens);
  }
  expect(breaker.refusal).toMatchObject({
    code: 'upstream_unreachable',
    message: 'The upstream failed 3 times in a row (HTTP 503); it is tried again in 1 s',
    retryAfter: 1,
  });
  now = 1000;
  breaker.enter();
  expect(() => breaker.enter()).toThrow(/in a row/); // one at a time
  expect(breaker.failed('HTTP 502')).toBe(false);
  now = 2999;
  expect(breaker.refusal?.retryAfter).toBe(1);
  now = 3000;
  breaker.enter();
  breaker.gaveUp();
  breaker.enter();
  breaker.succeeded();
  expect(breaker.refusal).toBeUndefined();
  expect(breaker.failed('HTTP 503')).toBe(false);
});
