/** @module What a database has to bring. Each has a folder here with files of the same names. */
import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import type { ColumnTypes } from '../migrations/migration.ts';

/** A connected database. */
export interface Connection {
  readonly db: Kysely<Database>;
  /** Waits for what was begun, then closes. */
  readonly close: () => Promise<void>;
}

/** Why a database refused a write. */
export type Refusal =
  | { readonly reason: 'duplicate'; /** The column whose value another row has. */ readonly column: string }
  | { readonly reason: 'orphan' }
  | { readonly reason: 'busy' };

/** One kind of database. */
export interface SqlDialect {
  readonly name: 'sqlite';
  /** Where it is, for the log: without a password. */
  readonly location: string;
  readonly types: ColumnTypes;
  connect(): Connection;
  /** Runs `work` while no other process runs it on the same database. @throws ForgeError `overloaded` after a bounded wait */
  lock<T>(db: Kysely<Database>, work: (db: Kysely<Database>) => Promise<T>): Promise<T>;
  /** Reads a driver's error; `undefined` when it is no refusal. */
  explain(error: unknown): Refusal | undefined;
}
