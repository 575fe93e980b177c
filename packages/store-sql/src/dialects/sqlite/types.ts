/** @module Column types of SQLite. Text compares by its bytes there, which is the order that lists promise. */
import { sql } from 'kysely';
import type { ColumnTypes } from '../../migrations/migration.ts';

/** See {@link ColumnTypes}. */
export const types: ColumnTypes = {
  key: 'text',
  text: 'text',
  integer: 'integer',
  real: 'real',
  keyOrdered: sql`without rowid`,
};
