/** @module The lock for migrations in SQLite: its one writer. */
import { ForgeError } from '@forge/core';
import type { Kysely } from 'kysely';
import type { Database } from '../../schema.ts';
import { isBusy } from './errors.ts';
import { retryWhileBusy } from './retry.ts';

/**
 * Runs `work` in a transaction, which the driver begins as the only writer; all that `work` did lands or none.
 *
 * @throws ForgeError `overloaded` when another process writes for longer than `timeoutMs`
 */
export async function lock<T>(
  db: Kysely<Database>,
  work: (db: Kysely<Database>) => Promise<T>,
  timeoutMs: number,
): Promise<T> {
  try {
    // Only the beginning can find the database busy: nothing of `work` has run then.
    return await retryWhileBusy(() => db.transaction().execute(work), timeoutMs);
  } catch (error) {
    if (!isBusy(error)) throw error;
    throw new ForgeError('overloaded', 'Another process has been writing to the database for too long', {
      cause: error,
    });
  }
}
