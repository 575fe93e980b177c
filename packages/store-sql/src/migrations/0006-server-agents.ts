/** @module Which virtual servers are published as agents. */
import type { Migration } from './migration.ts';

/** See {@link Migration}. */
export const serverAgents: Migration = {
  name: '0006-server-agents',
  async up(db, { integer }) {
    await db.schema.alterTable('servers').addColumn('a2a_enabled', integer).execute();
  },
};
