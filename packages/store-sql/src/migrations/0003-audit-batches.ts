/** @module One row for each batch of audit records; the rows of single records move over. */
import { sql } from 'kysely';
import type { Migration } from './migration.ts';

const BATCH = 1000;

/** See {@link Migration}. */
export const auditBatches: Migration = {
  name: '0003-audit-batches',
  async up(db, { key, text, integer }) {
    await db.schema
      .createTable('audit_batches')
      .addColumn('id', key, (column) => column.primaryKey())
      .addColumn('first_at', integer, (column) => column.notNull())
      .addColumn('last_at', integer, (column) => column.notNull())
      .addColumn('size', integer, (column) => column.notNull())
      .addColumn('records', text, (column) => column.notNull())
      .execute();
    await db.schema.createIndex('audit_batches_position').on('audit_batches').columns(['last_at', 'id']).execute();
    for (let offset = 0; ; offset += BATCH) {
      const { rows } = await sql<OldRow>`select * from audit order by at, id limit ${BATCH} offset ${offset}`.execute(
        db,
      );
      const [first, last] = [rows[0], rows.at(-1)];
      if (first === undefined || last === undefined) break;
      const records = JSON.stringify(rows.map(valuesOf));
      const batch = { id: first.id, first_at: first.at, last_at: last.at, size: rows.length, records };
      await db.insertInto('audit_batches').values(batch).execute();
    }
    await db.schema.dropTable('audit').execute();
  },
};

interface OldRow {
  readonly id: string;
  readonly at: number;
  readonly principal: string;
  readonly method: string;
  readonly target: string | null;
  readonly server_id: string | null;
  readonly upstream_id: string | null;
  readonly outcome: string;
  readonly error_code: number | null;
  readonly duration_ms: number;
}

function valuesOf(row: OldRow): unknown[] {
  const { id, at, principal, method, target, server_id, upstream_id, outcome, error_code, duration_ms } = row;
  return [id, at, principal, method, target, server_id, upstream_id, outcome, error_code, duration_ms];
}
