/**
 * @module The audit trail, one row for each batch of records: every call leaves a record, and a row for each of them cost
 * a call more than all other policy together (docs/decisions/0013-audit-records-share-rows.md).
 */
import { type AuditRecord, checkLimit, decodeCursor, type Store, toPage } from '@forge/core';
import type { AuditBatchRow } from '../schema.ts';
import { atomically, type SqlContext, withRefusals } from './context.ts';

/** The values of a record in `audit_batches.records`. Append only: what is stored keeps its order. */
const FIELDS = [
  'id',
  'at',
  'principal',
  'method',
  'target',
  'serverId',
  'upstreamId',
  'outcome',
  'errorCode',
  'durationMs',
] as const satisfies readonly (keyof AuditRecord)[];

/** Batches read at once. */
const READ_AHEAD = 16;

/** Makes the repository of audit records. */
export function auditRepository(context: SqlContext): Store['audit'] {
  return {
    async append(records) {
      if (records.length === 0) return;
      const row = toRow(records);
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
        const excess = Math.max(Number(total ?? 0) - keep, 0);
        let left = excess;
        while (left > 0) {
          const oldest = db.selectFrom('audit_batches').selectAll().orderBy('last_at').orderBy('id');
          const row = await oldest.limit(1).executeTakeFirstOrThrow();
          await db.deleteFrom('audit_batches').where('id', '=', row.id).execute();
          // What is left of the last one is the newest part of it.
          if (row.size > left)
            await db
              .insertInto('audit_batches')
              .values(toRow(read(row).toSorted(newestFirst).slice(0, -left)))
              .execute();
          left -= Math.min(row.size, left);
        }
        return excess;
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
    records = [...records, ...rows.flatMap(read).filter(isWanted)].toSorted(newestFirst).slice(0, count);
    const [oldest, next] = [records[count - 1], rows[READ_AHEAD - 1]];
    if (next === undefined || (oldest !== undefined && oldest.at > next.last_at)) return records;
  }
}

function toRow(records: readonly AuditRecord[]): AuditBatchRow {
  const [first = '', last] = [records[0]?.id, records.at(-1)];
  let [firstAt, lastAt] = [last?.at ?? 0, 0];
  const values = records.map((record) => {
    firstAt = Math.min(firstAt, record.at);
    lastAt = Math.max(lastAt, record.at);
    return FIELDS.map((field) => record[field] ?? null);
  });
  return { id: first, first_at: firstAt, last_at: lastAt, size: records.length, records: JSON.stringify(values) };
}

function read({ records }: AuditBatchRow): AuditRecord[] {
  return (JSON.parse(records) as unknown[][]).map((values) => {
    const known = FIELDS.map((field, at) => [field, values[at]] as const).filter(([, value]) => value !== null);
    return Object.fromEntries(known) as unknown as AuditRecord;
  });
}

function newestFirst(a: AuditRecord, b: AuditRecord): number {
  return b.at - a.at || (b.id > a.id ? 1 : -1);
}
