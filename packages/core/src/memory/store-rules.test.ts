import { describe, expect, it } from 'vitest';
import { byPosition, decodeCursor, encodeCursor, toPage } from './store-rules.ts';

describe('positions', () => {
  it('come in the order of their time, then of the bytes of their id', () => {
    const ids = ['', 'A', 'a', 'a\0', 'aa', 'é', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'];
    const positions = ids.map((id) => ({ createdAt: 5, id }));
    expect(positions.toReversed().toSorted(byPosition)).toEqual(positions);
    const bytes = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(bytes).toEqual(ids);
    expect(byPosition({ createdAt: 4, id: 'z' }, { createdAt: 5, id: 'a' })).toBeLessThan(0);
  });

  it('survive being a cursor', () => {
    for (const id of ['', 'a', 'ü😀"\\', 'x'.repeat(255), '?>~ÿ']) {
      for (const createdAt of [0, -1, Date.UTC(2026, 0), Number.MAX_SAFE_INTEGER]) {
        const cursor = encodeCursor({ createdAt, id });
        expect(cursor).toMatch(/^[\w-]+$/);
        expect(decodeCursor(cursor)).toEqual({ createdAt, id });
      }
    }
  });
});

it('a page has a cursor only when there is more', () => {
  const rows = [1, 2, 3].map((createdAt) => ({ createdAt, id: 'x' }));
  const position = (row: { createdAt: number; id: string }) => row;
  expect(toPage(rows, 3, position)).toEqual({ items: rows });
  expect(toPage([], 3, position)).toEqual({ items: [] });
  const { items, nextCursor = '' } = toPage(rows, 2, position);
  expect(items).toEqual(rows.slice(0, 2));
  expect(decodeCursor(nextCursor)).toEqual(rows[1]);
});
