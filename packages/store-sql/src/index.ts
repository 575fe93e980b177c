/** @module Forge's store on SQL. */
export { parseDatabaseUrl } from './database-url.ts';
export { type Connection, type Refusal, type SqlDialect } from './dialects/dialect.ts';
export { sqlite, type SqliteOptions } from './dialects/sqlite/dialect.ts';
export { createSqlStore, type SqlStoreOptions } from './sql-store.ts';
