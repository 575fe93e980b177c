/** @module What repositories share: the database, or the transaction that they work in. */
import { type EntityKind, ForgeError, orphanError, takenError } from '@forge/core';
import type { Kysely } from 'kysely';
import type { SqlDialect } from '../dialects/dialect.ts';
import type { Database } from '../schema.ts';

/** Where a repository works. */
export interface SqlContext {
  readonly dialect: SqlDialect;
  /** A transaction, or the whole database. */
  readonly db: Kysely<Database>;
}

/** The records' fields behind columns of hashes. */
const FIELDS: Record<string, string> = { item_key: 'originalName', name_key: 'name' };

/** Runs statements that belong together: in a transaction of their own, unless there is one. */
export function atomically<T>(context: SqlContext, work: (context: SqlContext) => Promise<T>): Promise<T> {
  const { dialect, db } = context;
  if (db.isTransaction) return work(context);
  return withRefusals(dialect, undefined, () =>
    db.transaction().execute((transaction) => work({ dialect, db: transaction })),
  );
}

/** Runs a write and names its refusal. @throws ForgeError `conflict`, `overloaded`, or what the driver threw */
export async function withRefusals<T>(
  dialect: SqlDialect,
  kind: EntityKind | 'users' | 'audit' | undefined,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const refusal = dialect.explain(error);
    if (refusal?.reason === 'busy') {
      throw new ForgeError('overloaded', 'The database is busy with another process', { cause: error, retryAfter: 1 });
    }
    if (refusal === undefined || kind === undefined) throw error;
    if (refusal.reason === 'duplicate') throw takenError(kind, FIELDS[refusal.column] ?? refusal.column);
    throw orphanError(kind as EntityKind);
  }
}
