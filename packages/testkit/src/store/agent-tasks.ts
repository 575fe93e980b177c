/** @module What a store keeps of tasks that agents have given to virtual servers. */
import type { AgentTaskRecord, Store } from '@forge/core';
import { describe, expect, it } from 'vitest';

const RUNNING: AgentTaskRecord = {
  id: 'task-1',
  owner: 'of-alice',
  caller: 'alice',
  context: 'conversation',
  state: 'TASK_STATE_WORKING',
  createdAt: 1_790_000_000_000,
  runner: 'process-1',
  leaseUntil: 1_790_000_015_000,
  body: 'v1.ü😀"\\',
};
const ALL = { createdBefore: 0, keep: 10_000, keepOfCaller: 10_000, limit: 10_000 };

/** Describes what holds for tasks of agents. */
export function describeAgentTasks(current: () => Store): void {
  const put = async (...tasks: readonly Partial<AgentTaskRecord>[]): Promise<boolean[]> => {
    const written: boolean[] = [];
    for (const task of tasks) written.push(await current().agentTasks.put({ ...RUNNING, ...task }));
    return written;
  };
  const idsOf = async (owner = RUNNING.owner, more: object = {}): Promise<string[]> => {
    const { items } = await current().agentTasks.list({ owner, limit: 1000, offset: 0, ...more });
    return items.map(({ id }) => id);
  };

  describe('tasks of agents', () => {
    it('come out as they went in, for their owner alone', async () => {
      const { agentTasks } = current();
      const large = { ...RUNNING, body: `${RUNNING.body}${'x'.repeat(300_000)}` };
      expect(await put(large)).toEqual([true]);
      expect(await agentTasks.get(RUNNING.owner, RUNNING.id)).toEqual(large);
      expect(await agentTasks.get('of-Alice', RUNNING.id)).toBeUndefined();
      expect(await idsOf('of-bob')).toEqual([]);
    });

    it('are changed by their runner, and neither by another one nor for another owner', async () => {
      const { agentTasks } = current();
      const over = { state: 'TASK_STATE_COMPLETED', leaseUntil: 0 };
      expect(await put({}, { ...over, runner: 'process-2' }, { ...over, owner: 'of-bob' }, over)).toEqual([
        true,
        false,
        false,
        true,
      ]);
      expect(await agentTasks.get(RUNNING.owner, RUNNING.id)).toEqual({ ...RUNNING, ...over });
    });

    it('are taken over once, by whoever has read how they stand', async () => {
      const { agentTasks } = current();
      await put({});
      const claims = ['process-2', 'process-3'].map((runner) => agentTasks.claim(RUNNING, { runner, leaseUntil: 7 }));
      expect((await Promise.all(claims)).filter(Boolean)).toEqual([true]);
      expect(await put({ state: 'TASK_STATE_COMPLETED' })).toEqual([false]);
      const taken = (await agentTasks.get(RUNNING.owner, RUNNING.id)) as AgentTaskRecord;
      expect(taken).toEqual({ ...RUNNING, runner: taken.runner, leaseUntil: 7 });
      const by = { runner: 'process-4', leaseUntil: 9 };
      expect(await agentTasks.claim({ ...taken, owner: 'of-bob' }, by)).toBe(false);
      expect(await agentTasks.claim({ ...taken, leaseUntil: 8 }, by)).toBe(false);
      expect(await agentTasks.claim(taken, by)).toBe(true);
    });

    it('have their lease renewed by their runner, until they are over', async () => {
      const { agentTasks } = current();
      await put({}, { id: 'over', leaseUntil: 0 }, { id: 'of-another', runner: 'process-2' });
      await agentTasks.renew('process-1', 1_790_000_030_000);
      const leases = await Promise.all(['task-1', 'over', 'of-another'].map((id) => agentTasks.get(RUNNING.owner, id)));
      expect(leases.map((task) => task?.leaseUntil)).toEqual([1_790_000_030_000, 0, 1_790_000_015_000]);
    });

    it('are found when their lease is up', async () => {
      const { agentTasks } = current();
      await put(
        { id: 'a', leaseUntil: 5 },
        { id: 'b', leaseUntil: 6 },
        { id: 'c', leaseUntil: 0 },
        { id: 'd', leaseUntil: 7 },
      );
      const expired = await agentTasks.expired(7, 10);
      expect(expired.map(({ id }) => id).toSorted()).toEqual(['a', 'b']);
      expect(expired).toContainEqual({ ...RUNNING, id: 'a', leaseUntil: 5 });
      expect(await agentTasks.expired(7, 1)).toHaveLength(1);
    });

    it('are listed newest first, a page at a time, by conversation and state', async () => {
      await put(
        { id: 'a', createdAt: 2 },
        { id: 'b', createdAt: 3, context: 'another' },
        { id: 'c', createdAt: 1, state: 'TASK_STATE_FAILED' },
        { id: 'd', createdAt: 2 },
        { id: 'e', createdAt: 4, owner: 'of-bob' },
      );
      expect(await idsOf()).toEqual(['b', 'd', 'a', 'c']);
      expect(await idsOf(RUNNING.owner, { context: RUNNING.context })).toEqual(['d', 'a', 'c']);
      expect(await idsOf(RUNNING.owner, { state: 'TASK_STATE_FAILED' })).toEqual(['c']);
      const page = await current().agentTasks.list({ owner: RUNNING.owner, limit: 2, offset: 1 });
      expect([page.items.map(({ id }) => id), page.total]).toEqual([['d', 'a'], 4]);
    });

    it('are pruned by age, by number, and by the number of one caller at all places', async () => {
      const { agentTasks } = current();
      const made = (owner: string, ...times: number[]) =>
        put(...times.map((createdAt) => ({ id: `${owner}${createdAt}`, owner, caller: owner, createdAt })));
      await made('a', 1, 2, 5, 6, 8);
      await made('b', 3, 4, 7);
      const left = async () => [...(await idsOf('a')), ...(await idsOf('b'))];
      expect(await agentTasks.prune({ ...ALL, createdBefore: 2 })).toBe(1);
      expect(await agentTasks.prune({ ...ALL, keepOfCaller: 3 })).toBe(1);
      expect(await left()).toEqual(['a8', 'a6', 'a5', 'b7', 'b4', 'b3']);
      expect(await agentTasks.prune({ ...ALL, keep: 6 })).toBe(0);
      expect(await agentTasks.prune({ ...ALL, keep: 4 })).toBe(2);
      expect(await left()).toEqual(['a8', 'a6', 'a5', 'b7']);
      expect(await agentTasks.prune({ ...ALL, keep: 0, limit: 3 })).toBe(3);
      expect(await agentTasks.prune({ ...ALL, createdBefore: 9, keepOfCaller: 0 })).toBe(1);
      await put(...[1, 2, 3].map((createdAt) => ({ id: `a${createdAt}`, owner: `a at ${createdAt}`, createdAt })));
      expect(await agentTasks.prune({ ...ALL, keepOfCaller: 2 })).toBe(1);
      expect(await agentTasks.get('a at 1', 'a1')).toBeUndefined();
    });
  });
}
