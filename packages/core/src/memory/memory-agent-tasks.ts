/** @module What the store in memory keeps of tasks that agents have given to virtual servers. */
import type { AgentTaskRecord } from '../contracts/model.ts';
import type { Store } from '../contracts/store.ts';
import { freeze } from './memory-table.ts';
import { byPosition } from './store-rules.ts';

/** Tasks by their id. */
export function memoryAgentTasks(run: <T>(work: () => T) => Promise<T>): Store['agentTasks'] {
  const tasks = new Map<string, AgentTaskRecord>();
  const newestFirst = (): AgentTaskRecord[] => [...tasks.values()].toSorted((a, b) => byPosition(b, a));

  function surplusOf(keep: number, keepOfCaller: number): Set<AgentTaskRecord> {
    const [seen, surplus] = [new Map<string, number>(), new Set<AgentTaskRecord>()];
    const all = newestFirst();
    const tooOld = all[keep]?.createdAt ?? -Infinity;
    for (const task of all) {
      const place = (seen.get(task.caller) ?? 0) + 1;
      seen.set(task.caller, place);
      if (place > keepOfCaller || task.createdAt <= tooOld) surplus.add(task);
    }
    return surplus;
  }

  return {
    get: (owner, id) =>
      run(() => {
        const task = tasks.get(id);
        return task?.owner === owner ? task : undefined;
      }),
    list: ({ owner, context, state, limit, offset }) =>
      run(() => {
        const all = newestFirst().filter(
          (task) =>
            task.owner === owner &&
            (context === undefined || task.context === context) &&
            (state === undefined || task.state === state),
        );
        return { items: all.slice(offset, offset + limit), total: all.length };
      }),
    put: (task) =>
      run(() => {
        const stored = tasks.get(task.id);
        if (stored !== undefined && (stored.owner !== task.owner || stored.runner !== task.runner)) return false;
        tasks.set(task.id, freeze({ ...task }));
        return true;
      }),
    claim: (read, by) =>
      run(() => {
        const stored = tasks.get(read.id);
        if (stored?.owner !== read.owner) return false;
        if (stored.runner !== read.runner || stored.leaseUntil !== read.leaseUntil) return false;
        tasks.set(read.id, freeze({ ...stored, ...by }));
        return true;
      }),
    renew: (runner, leaseUntil) =>
      run(() => {
        for (const task of tasks.values()) {
          if (task.runner === runner && task.leaseUntil > 0) tasks.set(task.id, freeze({ ...task, leaseUntil }));
        }
      }),
    expired: (before, limit) =>
      run(() => [...tasks.values()].filter(({ leaseUntil }) => leaseUntil > 0 && leaseUntil < before).slice(0, limit)),
    prune: ({ createdBefore, keep, keepOfCaller, limit }) =>
      run(() => {
        const surplus = surplusOf(keep, keepOfCaller);
        const gone = newestFirst().filter((task) => task.createdAt < createdBefore || surplus.has(task));
        for (const { id } of gone.slice(0, limit)) tasks.delete(id);
        return Math.min(gone.length, limit);
      }),
  };
}
