import { expect, it } from 'vitest';
import { selfTimes } from './profile.ts';

const node = (id: number, functionName: string, url = '') => ({ id, callFrame: { functionName, url, lineNumber: 9 } });

it('self time is summed by function, most first, without idle time', () => {
  const profile = {
    nodes: [node(1, '(idle)'), node(2, 'parse', 'node:http'), node(3, ''), node(4, 'parse', 'node:http')],
    samples: [1, 2, 3, 4],
    timeDeltas: [900, 50, 20, 30],
  };
  expect(selfTimes(profile)).toEqual([
    { name: 'parse  node:http:10', share: 0.8 },
    { name: '(anonymous)', share: 0.2 },
  ]);
});
