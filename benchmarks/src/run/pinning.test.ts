import { expect, it } from 'vitest';
import { coresIn, nodeCommand } from './pinning.ts';

it.each([
  ['0-1', [0, 1]],
  ['3', [3]],
  ['0-2,5,8-9', [0, 1, 2, 5, 8, 9]],
])('the cores of "%s" are %j', (list, cores) => {
  expect(coresIn(list)).toEqual(cores);
});

it('a process is pinned only where there is a core for it', () => {
  expect(nodeCommand(['a.js'], undefined)).toEqual([process.execPath, ['a.js']]);
  expect(nodeCommand(['a.js'], 1)).toEqual(['taskset', ['-c', '1', process.execPath, 'a.js']]);
});
