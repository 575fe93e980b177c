import { describeStore } from '@forge/testkit';
import { sqlite } from './dialects/sqlite/dialect.ts';
import { createSqlStore } from './sql-store.ts';

describeStore('sqlite', async () => createSqlStore({ dialect: sqlite({ path: ':memory:' }) }));
