/** @module What every store must do. The in-memory store passes first and is the specification. */
import type { Store } from '@forge/core';
import { afterEach, beforeEach, describe } from 'vitest';
import { describeAgentTasks } from './store/agent-tasks.ts';
import { describeCascades } from './store/cascades.ts';
import { describeHistory } from './store/history.ts';
import { describeLifecycle } from './store/lifecycle.ts';
import { describeLists } from './store/lists.ts';
import { describeNames } from './store/names.ts';
import { describeRows } from './store/rows.ts';
import { describeSessionStates } from './store/session-states.ts';
import { describeTransactions } from './store/transactions.ts';

/**
 * Runs the suite that every store passes.
 *
 * @param create makes an empty store; the suite migrates and closes it.
 * @example
 * describeStore('memory', async () => createMemoryStore());
 */
export function describeStore(name: string, create: () => Promise<Store>): void {
  describe(`store: ${name}`, () => {
    let store: Store;

    beforeEach(async () => {
      store = await create();
      await store.migrate();
    });
    afterEach(async () => {
      await store.close();
    });

    const current = () => store;
    describeLifecycle(current);
    describeRows(current);
    describeNames(current);
    describeLists(current);
    describeCascades(current);
    describeTransactions(current);
    describeHistory(current);
    describeSessionStates(current);
    describeAgentTasks(current);
  });
}
