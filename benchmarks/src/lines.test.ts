import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { readLines } from './lines.ts';

it.each([1, 2, 3, 5, 100])('lines are found in pieces of %d bytes, and an unfinished one is not a line', (size) => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line.toString()));
  const bytes = Buffer.from('{"a":"é"}\n\nsecond\nunfinished');
  for (let at = 0; at < bytes.length; at += size) stream.emit('data', bytes.subarray(at, at + size));
  expect(lines).toEqual(['{"a":"é"}', '', 'second']);
});
