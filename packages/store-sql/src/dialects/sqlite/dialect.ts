/** @module SQLite by better-sqlite3. */
import type { SqlDialect } from '../dialect.ts';
import { connect } from './connect.ts';
import { explain } from './errors.ts';
import { lock } from './lock.ts';
import { types } from './types.ts';

/** Options of {@link sqlite}. */
export interface SqliteOptions {
  /** A file, or `:memory:`. A new file can be read and written by its owner only. */
  readonly path: string;
  /** Milliseconds that opening and each write wait for another process. @default 5000 */
  readonly busyTimeoutMs?: number | undefined;
  /** Milliseconds that migrations wait for another process that is migrating. @default 60000 */
  readonly lockTimeoutMs?: number | undefined;
}

/**
 * The SQLite dialect.
 *
 * @example
 * const store = createSqlStore({ dialect: sqlite({ path: './mcp.db' }) });
 */
export function sqlite({ path, busyTimeoutMs = 5000, lockTimeoutMs = 60_000 }: SqliteOptions): SqlDialect {
  return {
    name: 'sqlite',
    location: path,
    types,
    connect: () => connect(path, busyTimeoutMs),
    lock: (db, work) => lock(db, work, lockTimeoutMs),
    explain,
  };
}
