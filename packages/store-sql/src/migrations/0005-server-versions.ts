/** @module The revisions of the protocol that a virtual server serves. */
import type { Migration } from './migration.ts';

/** See {@link Migration}. */
export const serverVersions: Migration = {
  name: '0005-server-versions',
  async up(db, { text }) {
    await db.schema.alterTable('servers').addColumn('protocol_versions', text).execute();
  },
};
