/** @module Deletions and what they take along: an upstream's items, and the ids in virtual servers. */
import { type Entities, type GoneIds, type Repository, type ServerRecord, withoutIds } from '@forge/core';
import type { ItemKind } from '../schema.ts';
import { atomically, type SqlContext } from './context.ts';
import { entityCodec, entityRepository } from './entities.ts';

/** The list of virtual servers, and its column, that name items of a kind. */
const LISTS = {
  tools: ['toolIds', 'tool_ids'],
  resources: ['resourceIds', 'resource_ids'],
  prompts: ['promptIds', 'prompt_ids'],
} as const;
const ITEM_KINDS = Object.keys(LISTS) as ItemKind[];

const servers = entityCodec('servers');

/** Deletes an upstream; the database deletes its items. */
export function deleteUpstream(context: SqlContext, id: string): Promise<boolean> {
  return atomically(context, async (within) => {
    const gone: GoneIds = { upstreamIds: new Set([id]) };
    for (const kind of ITEM_KINDS) {
      const items = within.db
        .selectFrom(kind as 'tools')
        .select('id')
        .where('upstream_id', '=', id);
      gone[LISTS[kind][0]] = new Set((await items.execute()).map((item) => item.id));
    }
    if (!(await entityRepository(within, 'upstreams').delete(id))) return false;
    const rows = await within.db.selectFrom('servers').selectAll().execute();
    await leave(within, rows.map(servers.fromRow), gone);
    return true;
  });
}

/** A repository of items whose deletions virtual servers notice. */
export function itemRepository<K extends ItemKind>(context: SqlContext, kind: K): Repository<Entities[K]> {
  const [list, column] = LISTS[kind];
  return {
    ...entityRepository(context, kind),
    delete: async (id) =>
      atomically(context, async (within) => {
        if (!(await entityRepository(within, kind).delete(id))) return false;
        // Finds the servers that may name it; which ones do is seen in their lists.
        const query = within.db
          .selectFrom('servers')
          .selectAll()
          .where(column, 'like', `%${likeJson(id)}%`);
        await leave(within, (await query.execute()).map(servers.fromRow), { [list]: new Set([id]) });
        return true;
      }),
  };
}

/** Takes ids that are gone out of servers. */
async function leave({ db }: SqlContext, candidates: readonly ServerRecord[], gone: GoneIds): Promise<void> {
  for (const candidate of candidates) {
    const left = withoutIds(candidate, gone, Date.now());
    if (left) await db.updateTable('servers').set(servers.toRow(left)).where('id', '=', left.id).execute();
  }
}

/** A pattern that matches the id as it stands in JSON, and some others: what LIKE might interpret matches anything. */
function likeJson(id: string): string {
  return JSON.stringify(id).replaceAll(/[^a-zA-Z0-9]/gu, '_');
}
