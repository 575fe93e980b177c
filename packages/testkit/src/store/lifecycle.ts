/** @module A store from its first migration to its end, and the users it keeps. */
import type { Store } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { serverRecord, toolRecord, userRecord } from '../records.ts';

/** Describes what holds for users and for the store itself. */
export function describeLifecycle(current: () => Store): void {
  describe('users', () => {
    it('are kept by email, put twice is replaced', async () => {
      const { users } = current();
      const [first, second] = [userRecord(), userRecord({ fullName: 'ünïcode 😀', admin: true, enabled: false })];
      await users.put(first);
      await users.put(second);
      await users.put({ ...first, passwordHash: 'new' });
      expect(await users.get(first.email)).toEqual({ ...first, passwordHash: 'new' });
      expect(await users.all()).toEqual([{ ...first, passwordHash: 'new' }, second]);
    });

    it('are inserted once, whoever else tries at the same time', async () => {
      const { users } = current();
      const user = userRecord();
      const tries = Array.from({ length: 5 }, (_, at) => users.insert({ ...user, fullName: `Try ${at}` }));
      const settled = await Promise.allSettled(tries);
      expect(settled.map(({ status }) => status).toSorted()).toEqual(['fulfilled', ...Array(4).fill('rejected')]);
      await expect(users.insert(user)).rejects.toMatchObject({ code: 'conflict', data: { field: 'email' } });
      expect(await users.all()).toHaveLength(1);
    });

    it('are gone after a delete', async () => {
      const { users } = current();
      const user = userRecord();
      await users.put(user);
      expect(await users.delete(user.email)).toBe(true);
      expect(await users.delete(user.email)).toBe(false);
      expect(await users.get(user.email)).toBeUndefined();
    });
  });

  describe('the store itself', () => {
    it('migrates again without a change', async () => {
      const server = serverRecord();
      await current().servers.insert(server);
      await current().migrate();
      await Promise.all([current().migrate(), current().migrate()]);
      expect(await current().servers.all()).toEqual([server]);
    });

    it('answers while it is open, refuses everything once closed, and closes twice', async () => {
      const store = current();
      await store.ping();
      await Promise.all([store.close(), store.close()]);
      await store.close();
      await expect(store.ping()).rejects.toThrow();
      await expect(store.tools.all()).rejects.toThrow();
      await expect(store.tools.insert(toolRecord())).rejects.toThrow();
      await expect(store.users.all()).rejects.toThrow();
      await expect(store.transaction(async () => {})).rejects.toThrow();
    });

    it('finishes what was begun before it closes', async () => {
      const store = current();
      let landed = false;
      const work = store
        .transaction(async ({ servers }) => {
          await servers.insert(serverRecord());
          await servers.all();
        })
        .then(() => (landed = true));
      await store.close();
      await work;
      expect(landed).toBe(true);
    });
  });
}
