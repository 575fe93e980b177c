/** @module Users and revoked tokens. */
import type { RevokedToken, Store, UserRecord } from '@forge/core';
import { REVOKED_TOKEN_COLUMNS, rowCodec, USER_COLUMNS } from '../columns.ts';
import type { Database } from '../schema.ts';
import { atomically, type SqlContext, withRefusals } from './context.ts';

/** Makes the repository of users. */
export function userRepository(context: SqlContext): Store['users'] {
  const { toRow, fromRow } = rowCodec<UserRecord, Database['users']>(USER_COLUMNS);
  return {
    async get(email) {
      const row = await context.db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst();
      return row && fromRow(row);
    },
    async all() {
      const rows = await context.db.selectFrom('users').selectAll().orderBy('created_at').orderBy('email').execute();
      return rows.map(fromRow);
    },
    async insert(user) {
      const insertion = context.db.insertInto('users').values(toRow(user));
      await withRefusals(context.dialect, 'users', () => insertion.execute());
    },
    put: async (user) =>
      atomically(context, async ({ db }) => {
        const row = toRow(user);
        const { numUpdatedRows } = await db
          .updateTable('users')
          .set(row)
          .where('email', '=', user.email)
          .executeTakeFirst();
        if (numUpdatedRows === 0n) await db.insertInto('users').values(row).execute();
      }),
    async delete(email) {
      const { numDeletedRows } = await context.db.deleteFrom('users').where('email', '=', email).executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}

/** Makes the repository of revoked tokens. */
export function revokedTokenRepository(context: SqlContext): Store['revokedTokens'] {
  const { toRow, fromRow } = rowCodec<RevokedToken, Database['revoked_tokens']>(REVOKED_TOKEN_COLUMNS);
  return {
    add: async (token) =>
      atomically(context, async ({ db }) => {
        await db.deleteFrom('revoked_tokens').where('jti', '=', token.jti).execute();
        await db.insertInto('revoked_tokens').values(toRow(token)).execute();
      }),
    async all(now) {
      const rows = await context.db.selectFrom('revoked_tokens').selectAll().where('expires_at', '>', now).execute();
      return rows.map(fromRow);
    },
    async prune(now) {
      const deletion = context.db.deleteFrom('revoked_tokens').where('expires_at', '<=', now);
      return Number((await deletion.executeTakeFirst()).numDeletedRows);
    },
  };
}
