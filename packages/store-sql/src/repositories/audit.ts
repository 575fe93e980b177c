/** @module The audit trail. */
import { type AuditRecord, checkLimit, decodeCursor, type Store, toPage } from '@forge/core';
import { CompiledQuery } from 'kysely';
import { AUDIT_COLUMNS, rowCodec } from '../columns.ts';
import type { Database } from '../schema.ts';
import { atomically, type SqlContext, withRefusals } from './context.ts';

/** Rows in one INSERT; databases bound the number of parameters, at 32,766 and above. */
const BATCH = 100;

/** Makes the repository of audit records. */
export function auditRepository(context: SqlContext): Store['audit'] {
  const { toRow, toValues, fromRow } = rowCodec<AuditRecord, Database['audit']>(AUDIT_COLUMNS);
  const insert = (db: SqlContext['db'], rows: readonly AuditRecord[]) => db.insertInto('audit').values(rows.map(toRow));
  /** The text of a full batch's INSERT. Building it costs more than running it, and every call leaves a record. */
  let fullBatch: string | undefined;
  return {
    async append(records) {
      if (records.length === 0) return;
      await withRefusals(context.dialect, 'audit', () =>
        atomically(context, async ({ db }) => {
          for (let at = 0; at < records.length; at += BATCH) {
            const batch = records.slice(at, at + BATCH);
            if (batch.length < BATCH) {
              await insert(db, batch).execute();
              continue;
            }
            fullBatch ??= insert(db, batch).compile().sql;
            await db.executeQuery(CompiledQuery.raw(fullBatch, batch.flatMap(toValues)));
          }
        }),
      );
    },
    async list({ limit, cursor }) {
      checkLimit(limit);
      const before = cursor === undefined ? undefined : decodeCursor(cursor);
      let query = newestFirst(context)
        .selectAll()
        .limit(limit + 1);
      if (before) {
        query = query.where((eb) =>
          eb.or([eb('at', '<', before.createdAt), eb.and([eb('at', '=', before.createdAt), eb('id', '<', before.id)])]),
        );
      }
      const records = (await query.execute()).map(fromRow);
      return toPage(records, limit, ({ at, id }: AuditRecord) => ({ createdAt: at, id }));
    },
    prune: async (keep) =>
      atomically(context, async (within) => {
        const newestGone = await newestFirst(within).select(['at', 'id']).limit(1).offset(keep).executeTakeFirst();
        if (!newestGone) return 0;
        const { at, id } = newestGone;
        const deletion = within.db
          .deleteFrom('audit')
          .where((eb) => eb.or([eb('at', '<', at), eb.and([eb('at', '=', at), eb('id', '<=', id)])]));
        return Number((await deletion.executeTakeFirst()).numDeletedRows);
      }),
  };
}

function newestFirst({ db }: SqlContext) {
  return db.selectFrom('audit').orderBy('at', 'desc').orderBy('id', 'desc');
}
