/**
 * @module The audit trail, one row for each batch of records: every call leaves a record, and a row for each of them cost
 * a call more than all other policy together (docs/decisions/0013-audit-records-share-rows.md).
 */
import { type AuditBatch, type AuditRecord, checkLimit, decodeCursor, type Store, toPage } from '@forge/core';
import type { AuditBatchRow } from '../schema.ts';
import { decodeRecords, encodeEntries } from './audit-columns.ts';
import { atomically, type SqlContext, withRefusals } from './context.ts';

/** Batches read at once. */
const READ_AHEAD = 16;

/** Makes the repository of audit records. */
export function auditRepository(context: SqlContext): Store['audit'] {
  return {
    async append(batch) {
      if (batch.entries.length === 0) return;
      const row = toRow(batch);
      await withRefusals(context.dialect, 'audit', () => context.db.insertInto('audit_batches').values(row).execute());
    },
    async list({ limit, cursor }) {
      checkLimit(limit);
      const before = cursor === undefined ? undefined : decodeCursor(cursor);
      const isWanted = ({ at, id }: AuditRecord) =>
        before === undefined || at < before.createdAt || (at === before.createdAt && id < before.id);
      const records = await newest(context, limit + 1, before?.createdAt ?? Number.MAX_SAFE_INTEGER, isWanted);
      return toPage(records, limit, ({ at, id }: AuditRecord) => ({ createdAt: at, id }));
    },
    prune: async (keep) =>
      atomically(context, async ({ db }) => {
        const { total } = await db
          .selectFrom('audit_batches')
          .select(({ fn }) => fn.sum<number | string | null>('size').as('total'))
          .executeTakeFirstOrThrow();
        let gone = 0;
        for (;;) {
          const oldest = db.selectFrom('audit_batches').select(['id', 'size']).orderBy('last_at').orderBy('id');
          const row = await oldest.limit(1).executeTakeFirst();
          if (row === undefined || Number(total ?? 0) - gone - row.size < keep) return gone;
          await db.deleteFrom('audit_batches').where('id', '=', row.id).execute();
          gone += row.size;
        }
      }),
  };
}

/** The newest records that are wanted, newest first. Batches of several processes overlap in time. */
async function newest(
  { db }: SqlContext,
  count: number,
  until: number,
  isWanted: (record: AuditRecord) => boolean,
): Promise<AuditRecord[]> {
  let records: AuditRecord[] = [];
  for (let offset = 0; ; offset += READ_AHEAD) {
    const rows = await db
      .selectFrom('audit_batches')
      .selectAll()
      .where('first_at', '<=', until)
      .orderBy('last_at', 'desc')
      .orderBy('id', 'desc')
      .limit(READ_AHEAD)
      .offset(offset)
      .execute();
    records = [...records, ...rows.flatMap(decodeRecords).filter(isWanted)].toSorted(newestFirst).slice(0, count);
    const [oldest, next] = [records[count - 1], rows[READ_AHEAD - 1]];
    if (next === undefined || (oldest !== undefined && oldest.at > next.last_at)) return records;
  }
}

function toRow({ id, entries }: AuditBatch): AuditBatchRow {
  let [firstAt, lastAt] = [Infinity, 0];
  for (const { at } of entries) {
    firstAt = Math.min(firstAt, at);
    lastAt = Math.max(lastAt, at);
  }
  return { id, first_at: firstAt, last_at: lastAt, size: entries.length, records: encodeEntries(entries, firstAt) };
}

function newestFirst(a: AuditRecord, b: AuditRecord): number {
  return b.at - a.at || (b.id > a.id ? 1 : -1);
}
