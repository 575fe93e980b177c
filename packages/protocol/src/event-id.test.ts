import { expect, it } from 'vitest';
import { fitsEventId, formatEventId, readEventId } from './event-id.ts';

const EPOCH = '0123abcd';

it.each([
  ['7', `${EPOCH}-3-1-7`],
  ['"call"', `${EPOCH}-3-1-%22call%22`],
  ['"a-1 ü\\n"', `${EPOCH}-3-1-%22a-1%20%C3%BC%5Cn%22`],
  ['-1', `${EPOCH}-3-1--1`],
  [undefined, `${EPOCH}-3-1`],
])('an id carries the request id %s, in visible ASCII', (requestId, text) => {
  expect(formatEventId({ epoch: EPOCH, stream: 3, place: 1, requestId })).toBe(text);
  expect(readEventId(text)).toEqual({ epoch: EPOCH, stream: 3, place: 1, requestId });
});

it('the end of a stream has an id too', () => {
  const end = { epoch: EPOCH, stream: 3, place: Infinity, requestId: '7' };
  expect(readEventId(formatEventId(end))).toEqual(end);
});

it.each([
  '',
  'x',
  '1',
  `${EPOCH}-3`,
  `${EPOCH}-3-`,
  `${EPOCH}--3-1`,
  `${EPOCH}-3-1-`,
  `${EPOCH}-3-1-null`,
  `${EPOCH}-3-1-{}`,
  `${EPOCH}-3-1-1.5`,
  `${EPOCH}-3-1-1e999`,
  `${EPOCH}-3-1-7,%22error%22:1`,
  `${EPOCH}-3-1-%22`,
  `${EPOCH}-3-1-%`,
  `${EPOCH}-3-1-%E0%A4%A`,
  `${EPOCH}-3-1-${'1'.repeat(513)}`,
  `${EPOCH}-${'1'.repeat(10)}-1`,
  `${EPOCH.toUpperCase()}-3-1-7`,
])('%j is no id of an event', (text) => {
  expect(() => readEventId(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
});

it('a request id that would not fit into a header is not carried', () => {
  expect(fitsEventId(`"${'a'.repeat(500)}"`)).toBe(true);
  expect(fitsEventId(`"${'ü'.repeat(200)}"`)).toBe(false);
});
