import { expect, it } from 'vitest';
import { createStderrTail } from './stderr-tail.ts';

it('keeps the last twenty lines and hands out all of them', () => {
  const seen: string[] = [];
  const tail = createStderrTail((line) => seen.push(line));
  for (let n = 1; n <= 30; n += 1) tail.push(Buffer.from(`line ${n}\r\n`));
  tail.push(Buffer.from('the e'));
  tail.push(Buffer.from('nd'));
  tail.end();
  expect(seen).toHaveLength(31);
  const lines = tail.text().split('\n');
  expect(lines).toHaveLength(20);
  expect(lines[0]).toBe('line 12');
  expect(lines[19]).toBe('the end');
});

it('keeps at most eight kilobytes of a line that never ends', () => {
  const seen: string[] = [];
  const tail = createStderrTail((line) => seen.push(line));
  for (let n = 0; n < 100; n += 1) tail.push(Buffer.alloc(1000, 'x'));
  tail.end();
  expect(seen.join('')).toHaveLength(100_000);
  expect(Math.max(...seen.map((line) => line.length))).toBe(8192);
  expect(tail.text().length).toBeLessThanOrEqual(8192);
});

it('takes terminal control sequences out', () => {
  const tail = createStderrTail(undefined);
  tail.push(Buffer.from('\u001B[31mred\u001B[0m\u0007\u001B]0;title\u0007 end\n'));
  expect(tail.text()).toBe('red end');
});
