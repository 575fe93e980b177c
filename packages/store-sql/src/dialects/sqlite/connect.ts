/** @module The connection to SQLite: one, lent to one user at a time, in the order of asking. */
import { closeSync, constants, openSync } from 'node:fs';
import { ForgeError } from '@forge/core';
import SqliteDatabase from 'better-sqlite3';
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  SqliteAdapter,
  type SqliteDatabase as PreparingDatabase,
  SqliteDialect,
  SqliteDriver,
  type SqliteStatement as PreparedStatement,
} from 'kysely';
import type { Database } from '../../schema.ts';
import type { Connection } from '../dialect.ts';
import { retryWhileBusy } from './retry.ts';

/** How long statements may run in a row before others get their turn. */
const LONGEST_TURN_MS = 5;

/** How many queries may wait for the connection. */
const MAX_WAITING = 10_000;

/** Opens a database. @throws when the file cannot be opened or made */
export function connect(path: string, busyTimeoutMs: number): Connection {
  const file = open(path);
  const dialect = new SqliteDialect({ database: file });
  const db = new Kysely<Database>({
    dialect: {
      createAdapter: () => new QueuedSqliteAdapter(),
      createDriver: () => new QueuedSqliteDriver(file, busyTimeoutMs),
      createIntrospector: (kysely) => dialect.createIntrospector(kysely),
      createQueryCompiler: () => dialect.createQueryCompiler(),
    },
  });
  return {
    db,
    async close() {
      await db.destroy();
      file.close(); // Kysely leaves a database open that it has never used
    },
  };
}

function open(path: string): SqliteDatabase.Database {
  // SQLite gives its -wal and -shm files the mode of the database.
  if (path !== ':memory:') closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600));
  return new SqliteDatabase(path, { timeout: 0 }); // `retryWhileBusy` waits instead
}

/** Statements remembered at once. */
const MAX_PREPARED = 200;

/** The database as Kysely's driver uses it, which prepares a statement for every query: here each text is prepared once. */
function preparing(file: SqliteDatabase.Database): PreparingDatabase {
  const prepared = new Map<string, PreparedStatement>();
  return {
    close: () => file.close(),
    prepare(sql) {
      let statement = prepared.get(sql);
      if (statement === undefined) {
        statement = file.prepare(sql) as PreparedStatement;
        if (prepared.size >= MAX_PREPARED) prepared.clear();
        prepared.set(sql, statement);
      }
      return statement;
    },
  };
}

/** Kysely has a lock for single connections, whose waiters do not keep their order; the driver below has a queue. */
class QueuedSqliteAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

class QueuedSqliteDriver extends SqliteDriver {
  readonly #file: SqliteDatabase.Database;
  readonly #busyTimeoutMs: number;
  readonly #waiting: (() => void)[] = [];
  #lent = false;

  constructor(file: SqliteDatabase.Database, busyTimeoutMs: number) {
    super({ database: preparing(file) });
    this.#file = file;
    this.#busyTimeoutMs = busyTimeoutMs;
  }

  override async init(): Promise<void> {
    // Of two processes that open a new file, one finds it busy while the other changes its mode.
    await retryWhileBusy(() => this.#file.pragma('journal_mode = WAL'), this.#busyTimeoutMs);
    this.#file.pragma('synchronous = NORMAL');
    // Each checkpoint waits for the disk, and everybody for it: 16 MB at a time instead of 4.
    this.#file.pragma('wal_autocheckpoint = 4000');
    this.#file.pragma('foreign_keys = ON');
    await super.init();
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#waiting.length >= MAX_WAITING)
      throw new ForgeError('overloaded', 'Too many queries wait for the database');
    await this.#turn();
    return patient(await super.acquireConnection(), this.#busyTimeoutMs);
  }

  override async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#lent = false;
  }

  /** As the writer from the start: a transaction that reads first and writes later could otherwise find itself outdated. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** SQLite itself has rolled back after some errors. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#file.inTransaction) await super.rollbackTransaction(connection);
  }

  /** Kysely lets nobody ask for the connection any more; those who did have their turn first. */
  override async destroy(): Promise<void> {
    await this.#turn();
    await super.destroy();
  }

  /** Resolves with the connection lent to the caller. Who releases it hands it on, so nobody can slip in between. */
  async #turn(): Promise<void> {
    if (this.#lent) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#lent = true;
  }
}

/**
 * A connection whose statements wait for other processes, and let the event loop turn now and then: SQLite answers
 * synchronously, so that a transaction of a thousand statements would otherwise stop every call of every client.
 */
function patient(connection: DatabaseConnection, busyTimeoutMs: number): DatabaseConnection {
  let turned = performance.now();
  return {
    async executeQuery(query) {
      if (performance.now() - turned > LONGEST_TURN_MS) {
        await new Promise(setImmediate);
        turned = performance.now();
      }
      return retryWhileBusy(() => connection.executeQuery(query), busyTimeoutMs);
    },
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  };
}
