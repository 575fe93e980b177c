import { expect, it } from 'vitest';
import { endingByReset, endingOf } from './answer-headers.ts';

it('takes a cancellation by the server for what it was meant as', () => {
  expect(endingByReset(8, 200, false)).toMatchObject({ code: 1 });
  expect(endingByReset(8, 200, true)).toMatchObject({ code: 4 });
  expect(endingByReset(2, 200, true)).toMatchObject({ code: 13, fate: 'unknown' });
});

it('reads the first of several details', () => {
  const details = Buffer.from('first');
  const both = `${details.toString('base64')}, ${Buffer.from('second').toString('base64')}`;
  const headers = { 'grpc-status': '5', 'grpc-status-details-bin': both };
  expect(endingOf(headers, 200)).toMatchObject({ code: 5, statusDetails: details });
});
