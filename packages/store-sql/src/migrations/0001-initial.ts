/** @module The first schema. */
import { type CreateTableBuilder, type Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import type { ColumnTypes, Migration } from './migration.ts';

/** See {@link Migration}. */
export const initial: Migration = {
  name: '0001-initial',
  async up(db, types) {
    await createUpstreams(db, types);
    await createItems(db, types);
    await createServers(db, types);
    await createUsersAndTokens(db, types);
    await createAudit(db, types);
  },
};

type Table = CreateTableBuilder<string>;

/** A table with what every entity has. */
function entityTable(db: Kysely<Database>, name: string, { key, text, integer }: ColumnTypes): Table {
  return db.schema
    .createTable(name)
    .addColumn('id', key, (column) => column.primaryKey())
    .addColumn('created_at', integer, (column) => column.notNull())
    .addColumn('updated_at', integer, (column) => column.notNull())
    .addColumn('version', integer, (column) => column.notNull())
    .addColumn('owner', key, (column) => column.notNull())
    .addColumn('enabled', integer, (column) => column.notNull())
    .addColumn('visibility', key, (column) => column.notNull())
    .addColumn('tags', text, (column) => column.notNull())
    .addColumn('tag_index', text, (column) => column.notNull());
}

/** Creates a table and the index that its lists are read by. */
async function create(db: Kysely<Database>, name: string, table: Table): Promise<void> {
  await table.execute();
  await db.schema.createIndex(`${name}_position`).on(name).columns(['created_at', 'id']).execute();
}

async function createUpstreams(db: Kysely<Database>, types: ColumnTypes): Promise<void> {
  const { key, text, integer } = types;
  const table = entityTable(db, 'upstreams', types)
    .addColumn('name', key, (column) => column.notNull().unique())
    .addColumn('slug', key, (column) => column.notNull().unique())
    .addColumn('description', text, (column) => column.notNull())
    .addColumn('transport', key, (column) => column.notNull())
    .addColumn('url', text)
    .addColumn('command', text)
    .addColumn('args', text)
    .addColumn('env', text)
    .addColumn('cwd', text)
    .addColumn('headers', text, (column) => column.notNull())
    .addColumn('era', key, (column) => column.notNull())
    .addColumn('timeout_ms', integer);
  await create(db, 'upstreams', table);
}

async function createItems(db: Kysely<Database>, types: ColumnTypes): Promise<void> {
  const { key, text, integer } = types;
  // `item_key` is a hash: the names of some items are longer than keys can be, and NULL is not unique.
  const itemTable = (name: string) =>
    entityTable(db, name, types)
      .addColumn('upstream_id', key)
      .addColumn('original_name', text, (column) => column.notNull())
      .addColumn('definition', text, (column) => column.notNull())
      .addColumn('position', integer, (column) => column.notNull())
      .addColumn('item_key', key, (column) => column.notNull().unique())
      .addForeignKeyConstraint(`${name}_upstream`, ['upstream_id'], 'upstreams', ['id'], (constraint) =>
        constraint.onDelete('cascade'),
      );
  const tables = {
    tools: itemTable('tools').addColumn('custom_name', text),
    resources: itemTable('resources')
      .addColumn('is_template', integer, (column) => column.notNull())
      .addColumn('text', text)
      .addColumn('blob', text),
    prompts: itemTable('prompts').addColumn('custom_name', text).addColumn('template', text),
  };
  for (const [name, table] of Object.entries(tables)) {
    await create(db, name, table);
    await db.schema.createIndex(`${name}_upstream_id`).on(name).column('upstream_id').execute();
  }
}

async function createServers(db: Kysely<Database>, types: ColumnTypes): Promise<void> {
  const { key, text } = types;
  const table = entityTable(db, 'servers', types)
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('name_key', key, (column) => column.notNull().unique())
    .addColumn('description', text, (column) => column.notNull())
    .addColumn('icon', text)
    .addColumn('tool_ids', text, (column) => column.notNull())
    .addColumn('resource_ids', text, (column) => column.notNull())
    .addColumn('prompt_ids', text, (column) => column.notNull())
    .addColumn('upstream_ids', text, (column) => column.notNull())
    .addColumn('naming', key, (column) => column.notNull());
  await create(db, 'servers', table);
}

async function createUsersAndTokens(db: Kysely<Database>, { key, text, integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('users')
    .addColumn('email', key, (column) => column.primaryKey())
    .addColumn('full_name', text, (column) => column.notNull())
    .addColumn('password_hash', text, (column) => column.notNull())
    .addColumn('admin', integer, (column) => column.notNull())
    .addColumn('enabled', integer, (column) => column.notNull())
    .addColumn('created_at', integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('revoked_tokens')
    .addColumn('jti', key, (column) => column.primaryKey())
    .addColumn('revoked_at', integer, (column) => column.notNull())
    .addColumn('expires_at', integer, (column) => column.notNull())
    .execute();
}

async function createAudit(db: Kysely<Database>, { key, text, integer, real, keyOrdered }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable('audit')
    .addColumn('id', key, (column) => column.notNull())
    .addColumn('at', integer, (column) => column.notNull())
    .addColumn('principal', text, (column) => column.notNull())
    .addColumn('method', text, (column) => column.notNull())
    .addColumn('target', text)
    .addColumn('server_id', text)
    .addColumn('upstream_id', text)
    .addColumn('outcome', key, (column) => column.notNull())
    .addColumn('error_code', integer)
    .addColumn('duration_ms', real, (column) => column.notNull())
    // Every call leaves a row, and rows are read in this order.
    .addPrimaryKeyConstraint('audit_position', ['at', 'id'])
    .modifyEnd(keyOrdered)
    .execute();
}
