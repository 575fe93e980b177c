/** @module What a store keeps of legacy sessions. */
import type { Store } from '@forge/core';
import { describe, expect, it } from 'vitest';

const ALL = { savedBefore: 0, keep: 1000, limit: 1000 };

/** Describes what holds for states of sessions. */
export function describeSessionStates(current: () => Store): void {
  describe('states of sessions', () => {
    const putAt = async (...times: readonly number[]) => {
      for (const savedAt of times) await current().sessionStates.put({ id: `s${savedAt}`, state: '{}', savedAt });
    };
    const left = async (...times: readonly number[]) => {
      const found = await Promise.all(times.map(async (at) => current().sessionStates.get(`s${at}`)));
      return found.flatMap((state) => (state === undefined ? [] : [state.savedAt]));
    };

    it('come out as they went in', async () => {
      const { sessionStates } = current();
      const state = {
        id: 'a-_ü',
        state: `{"uris":["ü😀\\"\\\\","${'x'.repeat(70_000)}"]}`,
        savedAt: 1_790_000_000_000,
      };
      await sessionStates.put(state);
      expect(await sessionStates.get(state.id)).toEqual(state);
      expect(await sessionStates.get('a-_Ü')).toBeUndefined();
    });

    it('take the place of the one before', async () => {
      const { sessionStates } = current();
      await sessionStates.put({ id: 'a', state: '1', savedAt: 1 });
      await sessionStates.put({ id: 'a', state: '2', savedAt: 2 });
      expect(await sessionStates.get('a')).toEqual({ id: 'a', state: '2', savedAt: 2 });
    });

    it('are gone once they are deleted', async () => {
      const { sessionStates } = current();
      await putAt(1, 2);
      expect(await sessionStates.delete('s1')).toBe(true);
      expect(await sessionStates.delete('s1')).toBe(false);
      expect(await left(1, 2)).toEqual([2]);
    });

    it('are pruned by their age', async () => {
      const { sessionStates } = current();
      await putAt(3, 1, 4, 2);
      expect(await sessionStates.prune({ ...ALL, savedBefore: 3 })).toBe(2);
      expect(await sessionStates.prune({ ...ALL, savedBefore: 3 })).toBe(0);
      expect(await left(1, 2, 3, 4)).toEqual([3, 4]);
    });

    it('are pruned to the newest', async () => {
      const { sessionStates } = current();
      await putAt(3, 1, 4, 2, 5);
      expect(await sessionStates.prune({ ...ALL, keep: 5 })).toBe(0);
      expect(await sessionStates.prune({ ...ALL, keep: 2 })).toBe(3);
      expect(await left(1, 2, 3, 4, 5)).toEqual([4, 5]);
      expect(await sessionStates.prune({ ...ALL, keep: 0 })).toBe(2);
    });

    it('are pruned a few at a time, the oldest first', async () => {
      const { sessionStates } = current();
      await putAt(...Array.from({ length: 1200 }, (_, index) => index + 1));
      expect(await sessionStates.prune({ savedBefore: 1100, keep: 1000, limit: 1001 })).toBe(1001);
      expect(await left(1, 1001, 1002, 1200)).toEqual([1002, 1200]);
      expect(await sessionStates.prune({ savedBefore: 1100, keep: 1000, limit: 1001 })).toBe(98);
    });
  });
}
