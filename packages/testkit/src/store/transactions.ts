/** @module Transactions of a store: all or nothing, one after the other, invisible until they land. */
import type { Repositories, Store } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { serverRecord, toolRecord, upstreamRecord } from '../records.ts';

/** Describes what holds for transactions. */
export function describeTransactions(current: () => Store): void {
  describe('transactions', () => {
    it('land whole and return what the work returned', async () => {
      const upstream = upstreamRecord();
      const tool = toolRecord({ upstreamId: upstream.id });
      const result = await current().transaction(async ({ upstreams, tools }) => {
        await upstreams.insert(upstream);
        await tools.insert(tool);
        return 'done';
      });
      expect(result).toBe('done');
      expect(await current().upstreams.get(upstream.id)).toEqual(upstream);
      expect(await current().tools.get(tool.id)).toEqual(tool);
    });

    it('see their own writes', async () => {
      const server = serverRecord();
      await current().transaction(async ({ servers }) => {
        await servers.insert(server);
        await servers.update({ ...server, version: 2, name: 'Renamed' });
        expect(await servers.get(server.id)).toMatchObject({ name: 'Renamed' });
        expect((await servers.list({ limit: 1 })).items).toHaveLength(1);
      });
    });

    it('leave nothing behind when the work throws, and pass the error on as it is', async () => {
      const kept = serverRecord();
      await current().servers.insert(kept);
      const mine = new Error('mine');
      const work = current().transaction(async ({ servers, tools }) => {
        await servers.delete(kept.id);
        await tools.insert(toolRecord());
        throw mine;
      });
      await expect(work).rejects.toBe(mine);
      expect(await current().servers.all()).toEqual([kept]);
      expect(await current().tools.all()).toEqual([]);
    });

    it('leave nothing behind when a write is refused', async () => {
      const taken = serverRecord();
      await current().servers.insert(taken);
      const work = current().transaction(async ({ servers }) => {
        await servers.insert(serverRecord());
        await servers.insert({ ...serverRecord(), name: taken.name });
      });
      await expect(work).rejects.toMatchObject({ code: 'conflict' });
      expect(await current().servers.all()).toEqual([taken]);
    });

    it('run one after the other: twenty increments count twenty', async () => {
      const server = serverRecord();
      await current().servers.insert(server);
      const increment = () =>
        current().transaction(async ({ servers }) => {
          const read = (await servers.get(server.id)) ?? server;
          await servers.all();
          await servers.update({ ...read, version: read.version + 1, description: `${read.description}.` });
        });
      await Promise.all(Array.from({ length: 20 }, increment));
      expect(await current().servers.get(server.id)).toMatchObject({ version: 21, description: '.'.repeat(20) });
    });

    it('that fail do not disturb those beside them', async () => {
      const works = Array.from({ length: 20 }, (_, at) =>
        current().transaction(async ({ tools }) => {
          await tools.insert(toolRecord({ id: `work-${at}` }));
          await tools.all();
          if (at % 2 === 1) throw new Error('odd');
        }),
      );
      const settled = await Promise.allSettled(works);
      expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(10);
      const ids = (await current().tools.all()).map(({ id }) => id);
      expect(ids).toEqual(Array.from({ length: 10 }, (_, at) => `work-${at * 2}`));
    });

    it('are not seen from outside before they land, nor when they do not', async () => {
      const { begun, begin, end, ended } = gates();
      const work = current().transaction(async ({ servers }) => {
        await servers.insert(serverRecord());
        begin();
        await ended;
        throw new Error('rolled back');
      });
      await begun;
      // A store may answer now from what was committed before, or once the transaction is over; never from within it.
      const read = current().servers.all();
      end();
      expect(await read).toEqual([]);
      await expect(work).rejects.toThrow('rolled back');
      expect(await current().servers.all()).toEqual([]);
    });

    it.each(['land', 'are rolled back'])('that %s keep writes from outside out of them, and lose none', async (end) => {
      const gate = gates();
      const work = current().transaction(async ({ tools }) => {
        await tools.insert(toolRecord({ id: 'inside', createdAt: 1 }));
        gate.begin();
        await gate.ended;
        if (end !== 'land') throw new Error('rolled back');
      });
      await gate.begun;
      const write = current().tools.insert(toolRecord({ id: 'outside', createdAt: 2 }));
      const later = current().transaction(({ tools }) => tools.insert(toolRecord({ id: 'later', createdAt: 3 })));
      gate.end();
      await (end === 'land' ? work : expect(work).rejects.toThrow('rolled back'));
      await Promise.all([write, later]);
      const expected = end === 'land' ? ['inside', 'outside', 'later'] : ['outside', 'later'];
      expect((await current().tools.all()).map(({ id }) => id)).toEqual(expected);
    });

    it('refuse their repositories once they are over', async () => {
      let leaked: Repositories | undefined;
      await current().transaction(async (repositories) => {
        leaked = repositories;
      });
      await expect(leaked?.tools.insert(toolRecord())).rejects.toThrow();
      await expect(leaked?.tools.all()).rejects.toThrow();
      const failing = current().transaction(async (repositories) => {
        leaked = repositories;
        throw new Error('rolled back');
      });
      await expect(failing).rejects.toThrow('rolled back');
      await expect(leaked?.tools.insert(toolRecord())).rejects.toThrow();
      expect(await current().tools.all()).toEqual([]);
    });

    it('take 200 reads and writes from outside at once', async () => {
      const jobs = Array.from({ length: 200 }, (_, at) => {
        if (at % 4 === 0) return current().tools.insert(toolRecord());
        if (at % 4 === 1) return current().tools.all();
        if (at % 4 === 2) return current().transaction(({ tools }) => tools.insert(toolRecord()));
        return current().tools.list({ limit: 10 });
      });
      await Promise.all(jobs);
      expect(await current().tools.all()).toHaveLength(100);
    });
  });
}

/** Lets a test stop a transaction in its middle. */
function gates() {
  let begin = () => {};
  let end = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const ended = new Promise<void>((resolve) => (end = resolve));
  return { begun, begin, ended, end };
}
