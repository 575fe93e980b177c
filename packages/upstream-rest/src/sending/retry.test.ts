import { expect, test } from 'vitest';
import { isRepeatable, pauseBefore, readRetryAfter } from './retry.ts';

test.each([
  ['3', 3000],
  [' 0 ', 0],
  ['Wed, 21 Oct 2015 07:28:10 GMT', 10_000],
  ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
  ['soon', undefined],
  [undefined, undefined],
])('Retry-After: %s is %s ms', (header, ms) => {
  expect(readRetryAfter(header, Date.parse('2015-10-21T07:28:00Z'))).toBe(ms);
});

test('pauses grow to a bound, and are never shorter than what was asked for', () => {
  for (const [attempt, most] of [
    [1, 250],
    [2, 500],
    [3, 1000],
    [20, 5000],
  ] as const) {
    expect(pauseBefore(attempt)).toBeGreaterThanOrEqual(most / 2);
    expect(pauseBefore(attempt)).toBeLessThanOrEqual(most);
  }
  expect(pauseBefore(1, 2000)).toBe(2000);
});

test.each([
  ['GET', undefined, true],
  ['DELETE', undefined, true],
  ['POST', undefined, false],
  ['PATCH', undefined, false],
  ['POST', true, true],
  ['GET', false, false],
] as const)('%s with idempotentHint %s: repeatable is %s', (method, idempotentHint, repeatable) => {
  const annotations = idempotentHint === undefined ? {} : { idempotentHint };
  expect(isRepeatable({ name: 'x', path: '/', inputSchema: {}, method, annotations })).toBe(repeatable);
});
