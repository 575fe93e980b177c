import { expect, it } from 'vitest';
import { didYouMean, nearest } from './nearest.ts';

const known = ['HOST', 'PORT', 'LOG_LEVEL', 'JWT_SECRET_KEY'];

it.each([
  ['POTR', 'PORT'], // swapped
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['JWT_SECRET_KYE', 'JWT_SECRET_KEY'],
  ['JWT_SECRT_KY', 'JWT_SECRET_KEY'],
  ['port', 'PORT'],
])('%s means %s', (word, meant) => {
  expect(nearest(word, known)).toBe(meant);
});

it.each(['DATABASE_URL', 'SPORTS', 'X', ''])('nothing known is near %j', (word) => {
  expect(didYouMean(word, known)).toBe('');
});
