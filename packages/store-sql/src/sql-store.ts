/** @module The store on SQL. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { ForgeError, type Repositories, type Store } from '@forge/core';
import { sql } from 'kysely';
import type { SqlDialect } from './dialects/dialect.ts';
import { migrate } from './migrations/migrate.ts';
import { agentTaskRepository } from './repositories/agent-tasks.ts';
import { auditRepository } from './repositories/audit.ts';
import { atomically, type SqlContext } from './repositories/context.ts';
import { deleteUpstream, itemRepository } from './repositories/deletion.ts';
import { entityRepository } from './repositories/entities.ts';
import { sessionStateRepository } from './repositories/session-states.ts';
import { revokedTokenRepository, userRepository } from './repositories/users.ts';

/** Options of {@link createSqlStore}. */
export interface SqlStoreOptions {
  readonly dialect: SqlDialect;
}

/**
 * Opens a store. Call `migrate` before anything else.
 *
 * Within `transaction`, only its own repositories may be used: the store itself would wait for the transaction to end,
 * so it throws instead.
 *
 * @throws when the database cannot be opened
 * @example
 * const store = createSqlStore({ dialect: parseDatabaseUrl('sqlite:///./mcp.db') });
 * await store.migrate();
 */
export function createSqlStore({ dialect }: SqlStoreOptions): Store {
  const connection = dialect.connect();
  const transactions = new AsyncLocalStorage<{ ended: boolean }>();
  const context: SqlContext = {
    dialect,
    get db() {
      if (transactions.getStore()?.ended === false) {
        throw new ForgeError('internal', 'Within a transaction, only its own repositories can be used');
      }
      return connection.db;
    },
  };
  let closing: Promise<void> | undefined;

  return {
    ...repositories(context),
    users: userRepository(context),
    revokedTokens: revokedTokenRepository(context),
    sessionStates: sessionStateRepository(context),
    agentTasks: agentTaskRepository(context),
    audit: auditRepository(context),
    migrate: async () => migrate(dialect, context.db),
    transaction: async (work) =>
      atomically(context, async (within) => {
        const state = { ended: false };
        try {
          return await transactions.run(state, () => work(repositories(within)));
        } finally {
          state.ended = true;
        }
      }),
    async ping() {
      await sql`select 1`.execute(context.db);
    },
    close: () => (closing ??= connection.close()),
  };
}

function repositories(context: SqlContext): Repositories {
  return {
    upstreams: { ...entityRepository(context, 'upstreams'), delete: async (id) => deleteUpstream(context, id) },
    tools: itemRepository(context, 'tools'),
    resources: itemRepository(context, 'resources'),
    prompts: itemRepository(context, 'prompts'),
    servers: entityRepository(context, 'servers'),
  };
}
