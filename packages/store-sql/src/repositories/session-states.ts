/** @module What legacy sessions remember over a restart. */
import type { SessionStateRecord, Store } from '@forge/core';
import { rowCodec, SESSION_STATE_COLUMNS } from '../columns.ts';
import type { Database } from '../schema.ts';
import { atomically, type SqlContext } from './context.ts';

/** Ids in one DELETE. */
const BATCH = 500;

/** Makes the repository of states. */
export function sessionStateRepository(context: SqlContext): Store['sessionStates'] {
  const { toRow, fromRow } = rowCodec<SessionStateRecord, Database['session_states']>(SESSION_STATE_COLUMNS);
  return {
    async get(id) {
      const row = await context.db.selectFrom('session_states').selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    put: async (state) =>
      atomically(context, async ({ db }) => {
        await db.deleteFrom('session_states').where('id', '=', state.id).execute();
        await db.insertInto('session_states').values(toRow(state)).execute();
      }),
    async delete(id) {
      const { numDeletedRows } = await context.db.deleteFrom('session_states').where('id', '=', id).executeTakeFirst();
      return numDeletedRows > 0n;
    },
    prune: async ({ savedBefore, keep, limit }) =>
      atomically(context, async ({ db }) => {
        const times = db.selectFrom('session_states').select('saved_at').orderBy('saved_at', 'desc');
        const surplus = (await times.limit(1).offset(keep).executeTakeFirst())?.saved_at ?? 0;
        const found = await db
          .selectFrom('session_states')
          .select('id')
          .where((eb) => eb.or([eb('saved_at', '<', savedBefore), eb('saved_at', '<=', surplus)]))
          .orderBy('saved_at')
          .limit(limit)
          .execute();
        const ids = found.map(({ id }) => id);
        for (let at = 0; at < ids.length; at += BATCH) {
          await db
            .deleteFrom('session_states')
            .where('id', 'in', ids.slice(at, at + BATCH))
            .execute();
        }
        return ids.length;
      }),
  };
}
