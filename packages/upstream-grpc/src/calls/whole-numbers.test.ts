import { expect, test } from 'vitest';
import { checkWholeNumbers } from './whole-numbers.ts';

test.each([
  '9007199254740993',
  '-9223372036854775807',
  '[1,{"a":18446744073709551615}]',
  '{"s":"\\"","n": 9007199254740993 }',
])('%s loses digits', (json) => {
  expect(() => checkWholeNumbers(json)).toThrow(/^-?\d+ has more digits than a number keeps; give it as text/);
});

test.each([
  '9007199254740991',
  '-9223372036854775808',
  '10000000000000000000',
  '"9007199254740993"',
  '{"9007199254740993":"\\\\"}',
  '0.9007199254740993',
  '1.00000000000000001',
  '9007199254740993e2',
  '1e+0000000000000000001',
  '9'.repeat(100_000),
  `"${'\\"'.repeat(1_000_000)}9007199254740993"`,
  `"${String.raw`a\n`.repeat(3_000_000)}9007199254740993"`,
])('%.40s is passed on', (json) => {
  expect(() => checkWholeNumbers(json)).not.toThrow();
});
