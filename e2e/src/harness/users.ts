/** @module A gateway's users, before its first start. */
import { mkdirSync } from 'node:fs';
import { createSqlStore, sqlite } from '@forge/store-sql';
import { ADMIN } from './gateway.ts';

/** An ordinary user. */
export const BOB = 'bob@example.com';

/** Makes the administrator and {@link BOB} in an empty data folder; neither can sign in by password. */
export async function prepareUsers(dataDir: string): Promise<void> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const store = createSqlStore({ dialect: sqlite({ path: `${dataDir}/forge.db` }) });
  await store.migrate();
  for (const email of [ADMIN, BOB]) {
    await store.users.put({
      email,
      fullName: email,
      passwordHash: '!',
      admin: email === ADMIN,
      enabled: true,
      createdAt: Date.now(),
    });
  }
  await store.close();
}
