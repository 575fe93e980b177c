/** @module What SQLite's errors mean. */
import type { Refusal } from '../dialect.ts';

/** Reads an error of better-sqlite3, by its code. */
export function explain(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  switch (error.code) {
    case 'SQLITE_CONSTRAINT_PRIMARYKEY':
    case 'SQLITE_CONSTRAINT_UNIQUE':
      // "UNIQUE constraint failed: tools.identity"
      return { reason: 'duplicate', column: error.message.slice(error.message.lastIndexOf('.') + 1) };
    case 'SQLITE_CONSTRAINT_FOREIGNKEY':
      return { reason: 'orphan' };
    default:
      return isBusy(error) ? { reason: 'busy' } : undefined;
  }
}

/** Whether another process holds the lock that a statement needs. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
}
