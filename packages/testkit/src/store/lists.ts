/** @module Lists of a store: order, pages, cursors, filters. */
import type { ListQuery, Store, ToolRecord } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { serverRecord, toolRecord, upstreamRecord } from '../records.ts';

/** Describes what holds for lists. */
export function describeLists(current: () => Store): void {
  /** Every page of a list, as arrays of ids. */
  async function pages(query: ListQuery, between: (page: number) => Promise<void> = async () => {}) {
    const found: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await current().tools.list({ ...query, cursor });
      expect(page.items.length).toBeLessThanOrEqual(query.limit);
      found.push(page.items.map(({ id }) => id));
      cursor = page.nextCursor;
      await between(found.length);
    } while (cursor !== undefined);
    return found;
  }

  const insertTools = async (rows: readonly ToolRecord[]) => {
    await current().transaction(async ({ tools }) => {
      for (const row of rows) await tools.insert(row);
    });
  };
  const numbered = (count: number, fields: Partial<ToolRecord> = {}) =>
    Array.from({ length: count }, (_, at) => toolRecord({ id: `id-${at}`, createdAt: 1000 + at, ...fields }));

  describe('lists', () => {
    it('are in order of createdAt, then of the id by its code points', async () => {
      const order: [number, string][] = [
        [-5, 'z'],
        [0, 'y'],
        [1, 'A'],
        [1, 'B'],
        [1, 'a'],
        [1, 'a!'],
        [1, 'b'],
        [1, 'é'],
        [1, '\uffee'],
        [1, '😀'],
        [2, '0'],
        [4_102_444_800_000, 'late'],
      ];
      const rows = order.map(([createdAt, id]) => toolRecord({ createdAt, id }));
      await insertTools(rows.toReversed());
      const ids = order.map(([, id]) => id);
      expect((await current().tools.all()).map(({ id }) => id)).toEqual(ids);
      expect((await pages({ limit: 1 })).flat()).toEqual(ids);
      expect((await pages({ limit: 5 })).flat()).toEqual(ids);
    });

    it('end without a cursor, also when the last page is full', async () => {
      expect(await pages({ limit: 10 })).toEqual([[]]);
      await insertTools(numbered(20));
      expect((await pages({ limit: 10 })).map(({ length }) => length)).toEqual([10, 10]);
      expect((await pages({ limit: 20 })).map(({ length }) => length)).toEqual([20]);
      expect((await pages({ limit: 19 })).map(({ length }) => length)).toEqual([19, 1]);
    });

    it('yield every row that stays exactly once while others come and go', async () => {
      await insertTools(numbered(30));
      const found = await pages({ limit: 4 }, async (page) => {
        const at = page * 4;
        await current().tools.delete(`id-${at - 1}`); // where the cursor stands
        await current().tools.delete('id-29');
        await current().tools.insert(toolRecord({ id: `before-${page}`, createdAt: 1 }));
        if (page === 1) await current().tools.insert(toolRecord({ id: 'after', createdAt: 5000 }));
      });
      expect(found.flat()).toEqual([...Array.from({ length: 29 }, (_, at) => `id-${at}`), 'after']);
    });

    it('refuse a cursor that no list gave out', async () => {
      await insertTools(numbered(3));
      const { nextCursor = '' } = await current().tools.list({ limit: 1 });
      expect(nextCursor).toMatch(/^[\w-]+$/);
      const forged = ['', 'x', '0', 'null', `${nextCursor}A`, `${nextCursor}=`, nextCursor.slice(1), ' ', '😀'];
      for (const json of [
        '[]',
        '[1]',
        '["1","a"]',
        '[1,2]',
        '[1.5,"a"]',
        '[null,"a"]',
        '{"id":"a"}',
        '[1,"a\' OR 1"] ',
      ]) {
        forged.push(btoa(json).replaceAll('=', ''));
      }
      forged.push('A'.repeat(100_000));
      for (const cursor of forged) {
        await expect(current().tools.list({ limit: 1, cursor }), cursor.slice(0, 40)).rejects.toMatchObject({
          code: 'invalid_params',
        });
      }
    });

    it('refuse a limit outside of 1 to 1000', async () => {
      for (const limit of [0, -1, 1.5, 1001, Number.NaN, Infinity]) {
        await expect(current().tools.list({ limit }), String(limit)).rejects.toMatchObject({ code: 'invalid_params' });
      }
    });

    it('have enabled rows only, unless asked for all', async () => {
      await insertTools([toolRecord({ id: 'on' }), toolRecord({ id: 'off', enabled: false })]);
      expect((await pages({ limit: 9 })).flat()).toEqual(['on']);
      expect((await pages({ limit: 9, includeDisabled: false })).flat()).toEqual(['on']);
      expect((await pages({ limit: 9, includeDisabled: true })).flat()).toEqual(['on', 'off']);
      expect(await current().tools.all()).toHaveLength(2);
    });

    it('have what a principal may see: what is public, and its own', async () => {
      await insertTools([
        toolRecord({ id: 'public', owner: 'a' }),
        toolRecord({ id: 'own', owner: 'b', visibility: 'private' }),
        toolRecord({ id: 'other', owner: 'B', visibility: 'private' }),
      ]);
      expect((await pages({ limit: 9, visibleTo: 'b' })).flat()).toEqual(['public', 'own']);
      expect((await pages({ limit: 9, visibleTo: '' })).flat()).toEqual(['public']);
      expect((await pages({ limit: 9 })).flat()).toEqual(['public', 'own', 'other']);
    });

    it('have rows with one of the tags, each compared as a whole', async () => {
      const tags = ['a', 'A', 'ab', '%', '_', 'ü 😀', '"', '\\', '|', '61'];
      await insertTools(tags.map((tag, at) => toolRecord({ id: `t${at}`, tags: ['other', tag] })));
      for (const [at, tag] of tags.entries()) {
        expect((await pages({ limit: 3, tags: [tag] })).flat(), tag).toEqual([`t${at}`]);
      }
      expect((await pages({ limit: 2, tags: ['ab', 'none', 'a', 'A'] })).flat()).toEqual(['t0', 't1', 't2']);
      expect((await pages({ limit: 3, tags: ['none'] })).flat()).toEqual([]);
      expect((await pages({ limit: 3, tags: [] })).flat()).toHaveLength(tags.length);
    });

    it('have the rows of one upstream', async () => {
      const [one, two] = [upstreamRecord(), upstreamRecord()];
      await current().upstreams.insert(one);
      await current().upstreams.insert(two);
      await insertTools([
        toolRecord({ id: 'mine', upstreamId: one.id }),
        toolRecord({ id: 'theirs', upstreamId: two.id }),
        toolRecord({ id: 'local' }),
      ]);
      expect((await pages({ limit: 9, upstreamId: one.id })).flat()).toEqual(['mine']);
      expect((await pages({ limit: 9, upstreamId: 'none' })).flat()).toEqual([]);
      expect((await current().servers.list({ limit: 9, upstreamId: one.id })).items).toEqual([]);
    });

    it('apply every filter before cutting pages', async () => {
      const rows = numbered(40).map((row, at) => ({
        ...row,
        enabled: at % 2 === 0,
        tags: at % 3 === 0 ? ['third'] : [],
        visibility: at % 5 === 0 ? ('private' as const) : ('public' as const),
      }));
      await insertTools(rows);
      const wanted = rows.filter(
        ({ enabled, tags, visibility }) => enabled && tags.length > 0 && visibility === 'public',
      );
      const found = await pages({ limit: 2, tags: ['third'], visibleTo: 'nobody' });
      expect(found.flat()).toEqual(wanted.map(({ id }) => id));
      expect(found.slice(0, -1).every(({ length }) => length === 2)).toBe(true);
    });

    it('of 5,000 rows come in pages of 1,000, and whole', async () => {
      await insertTools(numbered(5000, { createdAt: 7 }));
      const found = await pages({ limit: 1000 });
      expect(found).toHaveLength(5);
      expect(new Set(found.flat()).size).toBe(5000);
      expect(found.flat()).toEqual((await current().tools.all()).map(({ id }) => id));
    });

    it('of each kind stand alone', async () => {
      const server = serverRecord();
      await current().servers.insert(server);
      expect((await current().servers.list({ limit: 1 })).items).toEqual([server]);
      expect((await current().tools.list({ limit: 1 })).items).toEqual([]);
    });
  });
}
