import { expect, it } from 'vitest';
import { Bytes } from './bytes.ts';

it('puts pieces of any size together', () => {
  const bytes = new Bytes();
  const expected: number[] = [];
  for (const size of [0, 1, 1, 0, 3, 50, 1, 1000]) {
    const piece = Uint8Array.from({ length: size }, (_, index) => (index + size) % 256);
    bytes.push(piece);
    expected.push(...piece);
  }
  expect([...bytes.all]).toEqual(expected);
  expect(bytes.length).toBe(expected.length);
});

it('does not copy a single piece, and never writes into one', () => {
  const bytes = new Bytes();
  const piece = new Uint8Array([1, 2]);
  bytes.push(piece);
  expect(bytes.all).toBe(piece);
  bytes.push(new Uint8Array([3]));
  bytes.push(new Uint8Array([4]));
  expect([...bytes.all]).toEqual([1, 2, 3, 4]);
  expect([...piece]).toEqual([1, 2]);
});

it('takes little more than twice their size, however small the pieces are', () => {
  const bytes = new Bytes();
  const piece = new Uint8Array(1);
  for (let count = 0; count < 1_000_000; count += 1) bytes.push(piece);
  expect(bytes.length).toBe(1_000_000);
  expect(bytes.all.buffer.byteLength).toBeLessThanOrEqual(2_100_000);
});
