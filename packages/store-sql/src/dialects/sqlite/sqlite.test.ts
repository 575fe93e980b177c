import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverRecord, toolRecord } from '@forge/testkit/records';
import SqliteDatabase from 'better-sqlite3';
import { CompiledQuery } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSqlStore } from '../../sql-store.ts';
import { sqlite } from './dialect.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forge-sqlite-'));
  path = join(folder, 'mcp.db');
});
afterEach(() => rm(folder, { recursive: true }));

async function openStore(busyTimeoutMs?: number) {
  const store = createSqlStore({ dialect: sqlite({ path, busyTimeoutMs }) });
  await store.migrate();
  return store;
}

const modeOf = async (file: string) => (await stat(file)).mode & 0o777;

describe('sqlite', () => {
  it('keeps everything from one run to the next', async () => {
    const server = serverRecord({ tags: ['ü'] });
    const first = await openStore();
    await first.servers.insert(server);
    await first.close();
    const second = await openStore();
    expect(await second.servers.all()).toEqual([server]);
    await second.close();
  });

  it('makes files that only their owner can read, and leaves the mode of a file that exists', async () => {
    const store = await openStore();
    await store.servers.insert(serverRecord());
    for (const file of [path, `${path}-wal`, `${path}-shm`]) expect(await modeOf(file), file).toBe(0o600);
    await store.close();
    await chmod(path, 0o640);
    await (await openStore()).close();
    expect(await modeOf(path)).toBe(0o640);
  });

  it('says which file it cannot open', async () => {
    const missing = join(folder, 'no', 'such', 'mcp.db');
    expect(() => createSqlStore({ dialect: sqlite({ path: missing }) })).toThrow(missing);
    await writeFile(path, 'this is no database, but long enough to look like a file of one '.repeat(20));
    const store = createSqlStore({ dialect: sqlite({ path }) });
    await expect(store.migrate()).rejects.toThrow('not a database');
    await store.close();
  });

  it('works in WAL mode, with foreign keys, and synchronises normally', async () => {
    const { db, close } = sqlite({ path }).connect();
    const pragma = async (name: string) => {
      const { rows } = await db.executeQuery<Record<string, unknown>>(CompiledQuery.raw(`pragma ${name}`));
      return rows[0]?.[name];
    };
    expect(await pragma('journal_mode')).toBe('wal');
    expect(await pragma('foreign_keys')).toBe(1);
    expect(await pragma('synchronous')).toBe(1);
    await close();
  });

  it('waits for another process without stopping this one', async () => {
    const store = await openStore();
    const other = new SqliteDatabase(path);
    other.exec('begin immediate');
    const writes = Promise.all([
      store.servers.insert(serverRecord()),
      store.transaction(({ servers }) => servers.insert(serverRecord())),
    ]);
    // If the wait stopped the event loop, this would run only after the writes had failed.
    setImmediate(() => other.exec('commit'));
    await writes;
    expect(await store.servers.all()).toHaveLength(2);
    other.close();
    await store.close();
  });

  it('gives up waiting after a while, changes nothing, and works on', async () => {
    const store = await openStore(30);
    const other = new SqliteDatabase(path);
    other.exec('begin immediate');
    const refused = { code: 'overloaded', retryAfter: 1 };
    await expect(store.servers.insert(serverRecord())).rejects.toMatchObject(refused);
    await expect(store.transaction(({ servers }) => servers.insert(serverRecord()))).rejects.toMatchObject(refused);
    expect(await store.servers.all()).toEqual([]);
    other.exec('rollback');
    await store.servers.insert(serverRecord());
    other.close();
    await store.close();
  });

  it('does not lose a transaction that reads first to another process that writes meanwhile', async () => {
    const [one, two] = [await openStore(), await openStore()];
    const server = serverRecord();
    await one.servers.insert(server);
    const increment = (store: typeof one) =>
      store.transaction(async ({ servers }) => {
        const row = (await servers.get(server.id)) ?? server;
        await new Promise(setImmediate);
        await servers.update({ ...row, version: row.version + 1 });
      });
    await Promise.all(Array.from({ length: 10 }, (_, at) => increment(at % 2 ? one : two)));
    expect(await one.servers.get(server.id)).toMatchObject({ version: 11 });
    await one.close();
    await two.close();
  });

  it('refuses the use of the store itself within a transaction, where it would wait for ever', async () => {
    const store = await openStore();
    const misuses: (() => Promise<unknown>)[] = [
      () => store.tools.all(),
      () => store.tools.insert(toolRecord()),
      () => store.tools.delete('x'),
      () => store.users.all(),
      () => store.transaction(async () => {}),
    ];
    for (const misuse of misuses) {
      await expect(store.transaction(misuse)).rejects.toThrow('only its own repositories');
    }
    // What a transaction merely started is no part of it once it has ended.
    let later: (() => Promise<unknown>) | undefined;
    await store.transaction(async () => {
      later = async () => store.tools.all();
    });
    expect(await later?.()).toEqual([]);
    await store.close();
  });

  it('serves those who wait in the order of their asking', async () => {
    const store = await openStore();
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        if (at % 3 === 0) await store.transaction(({ tools }) => tools.all());
        else await store.tools.get('x');
        order.push(at);
      }),
    );
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    await store.close();
  });

  it('lets the event loop turn during a long transaction', async () => {
    const store = await openStore();
    let turns = 0;
    let ended = false;
    const turn = () => {
      turns += 1;
      if (!ended) setImmediate(turn);
    };
    setImmediate(turn);
    const start = performance.now();
    await store.transaction(async ({ tools }) => {
      for (let at = 0; at < 1000; at += 1) await tools.insert(toolRecord());
    });
    const elapsed = performance.now() - start;
    ended = true;
    expect(turns).toBeGreaterThan(elapsed / 50);
    await store.close();
  });

  it('has the indexes that lists and deletions need', async () => {
    await (await openStore()).close();
    const file = new SqliteDatabase(path, { readonly: true });
    const plan = (query: string) => JSON.stringify(file.prepare(`explain query plan ${query}`).all());
    expect(plan('select * from tools order by created_at, id limit 10')).toContain('tools_position');
    expect(plan("select id from tools where upstream_id = 'x'")).toContain('tools_upstream_id');
    const auditPlan = plan('select * from audit_batches where first_at < 9 order by last_at desc, id desc limit 10');
    expect(auditPlan).not.toContain('TEMP B-TREE');
    file.close();
  });
});
