/** @module What only an upstream's adapter understands, and its secrets. */
import type { Migration } from './migration.ts';

/** See {@link Migration}. */
export const adapterConfig: Migration = {
  name: '0002-adapter-config',
  async up(db, { text }) {
    await db.schema.alterTable('upstreams').addColumn('config', text).execute();
    await db.schema.alterTable('upstreams').addColumn('secrets', text).execute();
  },
};
