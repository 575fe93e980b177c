/** @module Tasks that agents have given to virtual servers. */
import type { Migration } from './migration.ts';

/** See {@link Migration}. */
export const agentTasks: Migration = {
  name: '0008-agent-tasks',
  async up(db, { key, text, integer }) {
    await db.schema
      .createTable('agent_tasks')
      .addColumn('id', key, (column) => column.primaryKey())
      .addColumn('owner', key, (column) => column.notNull())
      .addColumn('caller', key, (column) => column.notNull())
      .addColumn('context', key, (column) => column.notNull())
      .addColumn('state', key, (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('runner', key, (column) => column.notNull())
      .addColumn('lease_until', integer, (column) => column.notNull())
      .addColumn('body', text, (column) => column.notNull())
      .execute();
    // Bodies are large: lists of one owner, and whose tasks are too many, are found without them.
    for (const column of ['owner', 'caller']) {
      const columns = [column, 'created_at', 'id'];
      await db.schema.createIndex(`agent_tasks_${column}`).on('agent_tasks').columns(columns).execute();
    }
    await db.schema.createIndex('agent_tasks_created_at').on('agent_tasks').column('created_at').execute();
    await db.schema.createIndex('agent_tasks_lease').on('agent_tasks').column('lease_until').execute();
  },
};
