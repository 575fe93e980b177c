import { expect, it } from 'vitest';
import { atMost, exactly, noLeak, tableOfFindings, told } from './findings.ts';

const MB = 1024 * 1024;

it('memory that has grown by a tenth is kept to, by more is not', () => {
  expect(noLeak('heap', 11 * MB, 10 * MB)).toMatchObject({ found: '11 MB', bound: '<= 11 MB', kept: true });
  expect(noLeak('heap', 11.2 * MB, 10 * MB)).toMatchObject({ kept: false });
});

it('what is not a number keeps no bound', () => {
  expect(atMost('stall', Number.NaN, 500, 'ms').kept).toBe(false);
});

it('a table says what was missed', () => {
  const table = tableOfFindings([told('how long', '3 s'), exactly('opened', 9, 10)]);
  expect(table.split('\n')).toEqual([
    '| what     | found | bound |        |',
    '| -------- | ----- | ----- | ------ |',
    '| how long | 3 s   |       |        |',
    '| opened   | 9     | = 10  | MISSED |',
    '',
  ]);
});
