import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import SqliteDatabase from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqlite } from '../dialects/sqlite/dialect.ts';
import { createSqlStore } from '../sql-store.ts';
import { migrate, MIGRATIONS } from './migrate.ts';
import type { Migration } from './migration.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'forge-migrate-'));
  path = join(folder, 'mcp.db');
});
afterEach(() => rm(folder, { recursive: true }));

const NAMES = MIGRATIONS.map(({ name }) => name);

/** Names in the table of migrations, and of all tables. */
function inspect() {
  const file = new SqliteDatabase(path, { readonly: true });
  try {
    const names = (sql: string) =>
      file
        .prepare<[], { name: string }>(sql)
        .all()
        .map(({ name }) => name);
    return {
      applied: names('select name from migrations order by name'),
      tables: names("select name from sqlite_master where type = 'table' order by name"),
    };
  } finally {
    file.close();
  }
}

describe('migrations', () => {
  it('are sorted by their names, and each has its own', () => {
    const names = MIGRATIONS.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)].toSorted());
  });

  it('that fail leave nothing behind, and succeed later from where they were', async () => {
    const dialect = sqlite({ path });
    const { db, close } = dialect.connect();
    const faulty: Migration = {
      name: '9999-faulty',
      async up(db) {
        await db.schema.createTable('half').addColumn('id', 'text').execute();
        throw new Error('faulty');
      },
    };
    await expect(migrate(dialect, db, [...MIGRATIONS, faulty])).rejects.toThrow('faulty');
    expect(() => inspect()).toThrow('no such table');
    await migrate(dialect, db);
    await expect(migrate(dialect, db, [...MIGRATIONS, faulty])).rejects.toThrow('faulty');
    expect(inspect().tables).not.toContain('half');
    expect(inspect().applied).toEqual(NAMES);
    await close();
  });

  it('apply only what is new', async () => {
    const dialect = sqlite({ path });
    const { db, close } = dialect.connect();
    const ran: string[] = [];
    const step = (name: string): Migration => ({ name, up: async () => void ran.push(name) });
    await migrate(dialect, db, [step('1'), step('2')]);
    await migrate(dialect, db, [step('1'), step('2'), step('3')]);
    expect(ran).toEqual(['1', '2', '3']);
    await close();
  });

  it('keep audit records that were rows of their own', async () => {
    const dialect = sqlite({ path });
    const { db, close } = dialect.connect();
    await migrate(dialect, db, MIGRATIONS.slice(0, 2));
    const columns = sql`id, at, principal, method, target, outcome, duration_ms`;
    await sql`insert into audit (${columns}) values ('a', 1, 'p', 'tools/list', null, 'ok', 0.5)`.execute(db);
    await sql`insert into audit (${columns}) values ('b', 2, 'p', 'tools/call', 'ü', 'error', 2)`.execute(db);
    await close();
    const store = createSqlStore({ dialect });
    await store.migrate();
    expect((await store.audit.list({ limit: 10 })).items).toEqual([
      { id: 'b', at: 2, principal: 'p', method: 'tools/call', target: 'ü', outcome: 'error', durationMs: 2 },
      { id: 'a', at: 1, principal: 'p', method: 'tools/list', outcome: 'ok', durationMs: 0.5 },
    ]);
    await store.close();
  });

  it('keep the chains of REST tools, which stood in the configuration of their upstreams', async () => {
    const dialect = sqlite({ path });
    const { db, close } = dialect.connect();
    await migrate(dialect, db, MIGRATIONS.slice(0, 6));
    const chains = { pluginChainPre: ['a'], pluginChainPost: [] };
    const config = { isSingleTool: true, operations: [{ name: 'echo', ...chains, path: '/' }, { name: 'plain' }] };
    const common = sql`created_at, updated_at, version, owner, enabled, visibility, tags, tag_index`;
    const values = sql`1, 1, 1, 'o', 1, 'public', '[]', ''`;
    await sql`insert into upstreams (id, name, slug, description, transport, headers, era, config, ${common})
      values ('u', 'n', 's', '', 'rest', '[]', 'auto', ${JSON.stringify(config)}, ${values})`.execute(db);
    for (const name of ['echo', 'plain']) {
      await sql`insert into tools (id, upstream_id, original_name, definition, position, item_key, ${common})
        values (${name}, 'u', ${name}, '{}', 0, ${name}, ${values})`.execute(db);
    }
    await close();
    const store = createSqlStore({ dialect });
    await store.migrate();
    const echo = await store.tools.get('echo');
    expect(echo).toMatchObject({ pluginChainPre: ['a'] });
    for (const tool of [echo, await store.tools.get('plain')]) expect(tool).not.toHaveProperty('pluginChainPost');
    expect(JSON.parse((await store.upstreams.get('u'))?.config ?? '')).toEqual({
      isSingleTool: true,
      operations: [{ name: 'echo', path: '/' }, { name: 'plain' }],
    });
    await store.close();
  });

  it('refuse a database of a newer Forge', async () => {
    const dialect = sqlite({ path });
    const { db, close } = dialect.connect();
    await migrate(dialect, db, [...MIGRATIONS, { name: '9999-future', up: async () => {} }]);
    await expect(migrate(dialect, db)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('9999-future') as string,
    });
    await close();
  });

  it('give up after a bounded wait for another process', async () => {
    const store = createSqlStore({ dialect: sqlite({ path, busyTimeoutMs: 1, lockTimeoutMs: 40 }) });
    const other = new SqliteDatabase(path);
    for (const mode of ['delete', 'wal']) {
      other.pragma(`journal_mode = ${mode}`);
      other.exec('begin immediate; create table other (id text)');
      await expect(store.migrate(), mode).rejects.toMatchObject({ code: 'overloaded' });
      other.exec('rollback');
    }
    await store.migrate();
    expect(inspect().applied).toHaveLength(MIGRATIONS.length);
    await store.close();
    other.close();
  });

  it('run once when several processes start together', async () => {
    const children = await Promise.all([startChild(), startChild(), startChild()]);
    const results = await Promise.all(children.map((child) => child.migrate()));
    expect(results).toEqual(['done', 'done', 'done']);
    expect(inspect().applied).toEqual(NAMES);
  });

  it('of a second process wait for the first to end, and find nothing to do', async () => {
    const child = await startChild();
    const dialect = sqlite({ path });
    const { db, close } = dialect.connect();
    let result: Promise<string> | undefined;
    const [first, ...others] = MIGRATIONS as [Migration, ...Migration[]];
    const slow: Migration = {
      name: first.name,
      async up(db, types) {
        result = child.migrate(); // sees the database locked: this transaction has begun
        await child.tried();
        await first.up(db, types);
      },
    };
    await migrate(dialect, db, [slow, ...others]);
    expect(await result).toBe('done');
    expect(inspect().applied).toEqual(NAMES);
    await close();
  });
});

/** A process of its own that waits for a line, then migrates `path`. */
async function startChild() {
  const source = new URL('../', import.meta.url).href;
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({
      resolve: (specifier, context, next) =>
        next(specifier.replace(/^@forge\\/([\\w-]+)$/, ${JSON.stringify(new URL('../../', source).href)} + '$1/src/index.ts'), context),
    });
    const { createSqlStore, sqlite } = await import(${JSON.stringify(`${source}index.ts`)});
    console.log('ready');
    process.stdin.once('data', async () => {
      try {
        const store = createSqlStore({ dialect: sqlite({ path: ${JSON.stringify(path)} }) });
        const migrating = store.migrate();
        setTimeout(() => console.log('tried'), 20);
        await migrating;
        await store.close();
        console.log('done');
      } catch (error) {
        console.log(String(error));
      }
      process.stdin.destroy();
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  const seen: string[] = [];
  lines.on('line', (line) => seen.push(line));
  const until = async (wanted: (line: string) => boolean): Promise<string> => {
    for (;;) {
      const line = seen.find(wanted);
      if (line !== undefined) return line;
      await once(lines, 'line');
    }
  };
  await until((line) => line === 'ready');
  return {
    tried: () => until((line) => line !== 'ready'),
    async migrate() {
      child.stdin.write('go\n');
      const exited = once(child, 'exit');
      const result = await until((line) => line !== 'ready' && line !== 'tried');
      await exited;
      return result;
    },
  };
}
