/** @module Tasks that agents have given to virtual servers. */
import type { AgentTaskRecord, Store } from '@forge/core';
import { AGENT_TASK_COLUMNS, rowCodec } from '../columns.ts';
import type { AgentTaskRow } from '../schema.ts';
import { atomically, type SqlContext } from './context.ts';

/** Ids in one DELETE. */
const BATCH = 500;

/** Makes the repository of tasks. */
export function agentTaskRepository(context: SqlContext): Store['agentTasks'] {
  const { toRow, fromRow } = rowCodec<AgentTaskRecord, AgentTaskRow>(AGENT_TASK_COLUMNS);
  return {
    async get(owner, id) {
      const query = context.db.selectFrom('agent_tasks').selectAll();
      const row = await query.where('id', '=', id).where('owner', '=', owner).executeTakeFirst();
      return row && fromRow(row);
    },
    async list({ owner, context: conversation, state, limit, offset }) {
      let query = context.db.selectFrom('agent_tasks').where('owner', '=', owner);
      if (conversation !== undefined) query = query.where('context', '=', conversation);
      if (state !== undefined) query = query.where('state', '=', state);
      const counted = await query.select(({ fn }) => fn.countAll().as('total')).executeTakeFirst();
      const page = query.selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).offset(offset);
      return { items: (await page.execute()).map(fromRow), total: Number(counted?.total ?? 0) };
    },
    async put(task) {
      try {
        await atomically(context, async ({ db }) => {
          const { id, owner, runner } = task;
          const stored = db.deleteFrom('agent_tasks').where('id', '=', id);
          await stored.where('owner', '=', owner).where('runner', '=', runner).execute();
          await db.insertInto('agent_tasks').values(toRow(task)).execute();
        });
        return true;
      } catch (error) {
        if (context.dialect.explain(error)?.reason === 'duplicate') return false;
        throw error;
      }
    },
    async claim({ id, owner, runner, leaseUntil }, by) {
      const { numUpdatedRows } = await context.db
        .updateTable('agent_tasks')
        .set({ runner: by.runner, lease_until: by.leaseUntil })
        .where('id', '=', id)
        .where('owner', '=', owner)
        .where('runner', '=', runner)
        .where('lease_until', '=', leaseUntil)
        .executeTakeFirst();
      return numUpdatedRows > 0n;
    },
    async renew(runner, leaseUntil) {
      const running = context.db.updateTable('agent_tasks').set({ lease_until: leaseUntil });
      await running.where('runner', '=', runner).where('lease_until', '>', 0).execute();
    },
    async expired(before, limit) {
      const query = context.db.selectFrom('agent_tasks').selectAll().where('lease_until', '>', 0);
      return (await query.where('lease_until', '<', before).limit(limit).execute()).map(fromRow);
    },
    prune: async (query) => atomically(context, (within) => prune(within, query)),
  };
}

type PruneQuery = Parameters<Store['agentTasks']['prune']>[0];

async function prune({ db }: SqlContext, query: PruneQuery): Promise<number> {
  const { createdBefore, keep, keepOfCaller, limit } = query;
  const times = db.selectFrom('agent_tasks').select('created_at').orderBy('created_at', 'desc');
  const surplus = (await times.limit(1).offset(keep).executeTakeFirst())?.created_at ?? 0;
  const old = await db
    .selectFrom('agent_tasks')
    .select('id')
    .where((eb) => eb.or([eb('created_at', '<', createdBefore), eb('created_at', '<=', surplus)]))
    .limit(limit)
    .execute();
  const placed = db.selectFrom('agent_tasks').select(({ fn }) => [
    'id',
    fn
      .agg<number>('row_number')
      .over((over) => over.partitionBy('caller').orderBy('created_at', 'desc').orderBy('id', 'desc'))
      .as('place'),
  ]);
  const tooMany = await db
    .selectFrom(placed.as('placed'))
    .select('id')
    .where('place', '>', keepOfCaller)
    .limit(limit)
    .execute();
  const ids = [...new Set([...old, ...tooMany].map(({ id }) => String(id)))].slice(0, limit);
  for (let at = 0; at < ids.length; at += BATCH) {
    await db
      .deleteFrom('agent_tasks')
      .where('id', 'in', ids.slice(at, at + BATCH))
      .execute();
  }
  return ids.length;
}
