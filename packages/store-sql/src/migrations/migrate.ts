/** @module Applies migrations, forward only, one process at a time. */
import { ForgeError } from '@forge/core';
import type { Kysely } from 'kysely';
import type { SqlDialect } from '../dialects/dialect.ts';
import type { Database } from '../schema.ts';
import { initial } from './0001-initial.ts';
import { adapterConfig } from './0002-adapter-config.ts';
import { auditBatches } from './0003-audit-batches.ts';
import { sessionStates } from './0004-session-states.ts';
import { serverVersions } from './0005-server-versions.ts';
import { serverAgents } from './0006-server-agents.ts';
import { toolChains } from './0007-tool-chains.ts';
import { agentTasks } from './0008-agent-tasks.ts';
import type { Migration } from './migration.ts';

/** Every migration, in order. */
export const MIGRATIONS: readonly Migration[] = [
  initial,
  adapterConfig,
  auditBatches,
  sessionStates,
  serverVersions,
  serverAgents,
  toolChains,
  agentTasks,
];

/**
 * Brings a database to the newest schema. A second process that does the same waits for the first and finds nothing to do.
 *
 * @throws ForgeError `conflict` when the database was made by a newer Forge, `overloaded` when the wait was in vain.
 */
export async function migrate(
  dialect: SqlDialect,
  db: Kysely<Database>,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  await dialect.lock(db, async (locked) => {
    await locked.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', dialect.types.key, (column) => column.primaryKey())
      .addColumn('applied_at', dialect.types.integer, (column) => column.notNull())
      .execute();
    const rows = await locked.selectFrom('migrations').select('name').execute();
    const applied = new Set(rows.map(({ name }) => name));
    assertKnown(applied, migrations);
    for (const migration of migrations.filter(({ name }) => !applied.has(name))) {
      await migration.up(locked, dialect.types);
      await locked.insertInto('migrations').values({ name: migration.name, applied_at: Date.now() }).execute();
    }
  });
}

/** An older Forge must not write into a schema that it does not know. */
function assertKnown(applied: ReadonlySet<string>, migrations: readonly Migration[]): void {
  const known = new Set(migrations.map(({ name }) => name));
  const unknown = [...applied].find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new ForgeError('conflict', `The database was made by a newer version of Forge (its schema has "${unknown}")`);
  }
}
