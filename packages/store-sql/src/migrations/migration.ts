/** @module What a migration is. */
import type { Kysely } from 'kysely';
import type { ColumnDataType, RawBuilder } from 'kysely';
import type { Database } from '../schema.ts';

/** How a database calls what the columns hold. */
export interface ColumnTypes {
  /** Text that can be a key: compared by bytes, at most 255 characters where the database asks for a bound. */
  readonly key: ColumnDataType;
  /** Text of any length. */
  readonly text: ColumnDataType;
  /** A whole number up to 2^53. */
  readonly integer: ColumnDataType;
  readonly real: ColumnDataType;
  /** Ends a CREATE TABLE whose rows are to be stored in the order of their primary key, without an index besides. */
  readonly keyOrdered: RawBuilder<unknown>;
}

/** One step forward; there are none back. A published migration is never changed. */
export interface Migration {
  /** Sorts it: `0001-initial`. */
  readonly name: string;
  up(db: Kysely<Database>, types: ColumnTypes): Promise<void>;
}
