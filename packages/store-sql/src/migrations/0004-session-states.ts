/** @module What legacy sessions remember over a restart. */
import type { Migration } from './migration.ts';

/** See {@link Migration}. */
export const sessionStates: Migration = {
  name: '0004-session-states',
  async up(db, { key, text, integer }) {
    await db.schema
      .createTable('session_states')
      .addColumn('id', key, (column) => column.primaryKey())
      .addColumn('state', text, (column) => column.notNull())
      .addColumn('saved_at', integer, (column) => column.notNull())
      .execute();
    await db.schema.createIndex('session_states_saved_at').on('session_states').column('saved_at').execute();
  },
};
