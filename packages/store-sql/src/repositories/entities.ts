/** @module The repository of one kind of entity: what all five kinds have in common. */
import { createHash } from 'node:crypto';
import {
  checkLimit,
  decodeCursor,
  type Entities,
  type EntityKind,
  type ListQuery,
  missingError,
  type Page,
  type Repository,
  staleError,
  toPage,
  UNIQUE_KEYS,
} from '@forge/core';
import { type Columns, ENTITY_COLUMNS, rowCodec, type RowCodec, type SqlRow } from '../columns.ts';
import type { EntityRow } from '../schema.ts';
import { type SqlContext, withRefusals } from './context.ts';

/** The unique column of kinds whose names are hashed. Upstreams have theirs as they are. */
const KEY_COLUMNS: Partial<Record<EntityKind, string>> = {
  tools: 'item_key',
  resources: 'item_key',
  prompts: 'item_key',
  servers: 'name_key',
};

/** Records of a kind to whole rows, and back. */
export function entityCodec<K extends EntityKind>(kind: K): Omit<RowCodec<Entities[K], EntityRow>, 'toValues'> {
  const { toRow, fromRow } = rowCodec(ENTITY_COLUMNS[kind] as Columns<Entities[K]>);
  const keyColumn = KEY_COLUMNS[kind];
  return {
    fromRow,
    toRow(record) {
      const [key] = UNIQUE_KEYS[kind](record);
      const derived: SqlRow = { tag_index: record.tags.map((tag) => `|${hex(tag)}|`).join('') };
      if (keyColumn !== undefined && key) derived[keyColumn] = createHash('sha256').update(key.value).digest('hex');
      return { ...toRow(record), ...derived } as EntityRow;
    },
  };
}

/** Makes a repository. What a deletion takes along is not its affair. */
export function entityRepository<K extends EntityKind>(context: SqlContext, kind: K): Repository<Entities[K]> {
  type T = Entities[K];
  // One of the tables stands for all in the types: the columns used here are in every one.
  const table = kind as 'servers';
  const { toRow, fromRow } = entityCodec(kind);

  return {
    async get(id) {
      const row = await context.db.selectFrom(table).selectAll().where('id', '=', id).executeTakeFirst();
      return row && fromRow(row);
    },
    async list(query): Promise<Page<T>> {
      const limit = checkLimit(query.limit);
      const rows = await selectPage(context, kind, query)
        .limit(limit + 1)
        .execute();
      return toPage(rows.map(fromRow), limit, (record) => record);
    },
    async all() {
      const rows = await context.db.selectFrom(table).selectAll().orderBy('created_at').orderBy('id').execute();
      return rows.map(fromRow);
    },
    async insert(record) {
      const insertion = context.db.insertInto(table).values(toRow(record));
      await withRefusals(context.dialect, kind, () => insertion.execute());
    },
    async update(record) {
      const update = context.db
        .updateTable(table)
        .set(toRow(record))
        .where('id', '=', record.id)
        .where('version', '=', record.version - 1);
      const { numUpdatedRows } = await withRefusals(context.dialect, kind, () => update.executeTakeFirst());
      if (numUpdatedRows > 0n) return;
      const stored = await context.db.selectFrom(table).select('id').where('id', '=', record.id).executeTakeFirst();
      throw stored ? staleError(kind) : missingError(kind);
    },
    async delete(id) {
      const deletion = context.db.deleteFrom(table).where('id', '=', id);
      const { numDeletedRows } = await withRefusals(context.dialect, kind, () => deletion.executeTakeFirst());
      return numDeletedRows > 0n;
    },
  };
}

/** The rows that a list wants, from its cursor on, in order. */
function selectPage({ db }: SqlContext, kind: EntityKind, { cursor, ...filter }: ListQuery) {
  const after = cursor === undefined ? undefined : decodeCursor(cursor);
  let query = db
    .selectFrom(kind as 'servers')
    .selectAll()
    .orderBy('created_at')
    .orderBy('id');
  if (after) {
    query = query.where((eb) =>
      eb.or([
        eb('created_at', '>', after.createdAt),
        eb.and([eb('created_at', '=', after.createdAt), eb('id', '>', after.id)]),
      ]),
    );
  }
  if (filter.includeDisabled !== true) query = query.where('enabled', '=', 1);
  if (filter.visibleTo !== undefined) {
    const principal = filter.visibleTo;
    query = query.where((eb) => eb.or([eb('visibility', '=', 'public'), eb('owner', '=', principal)]));
  }
  if (filter.tags?.length) {
    const patterns = filter.tags.map((tag) => `%|${hex(tag)}|%`);
    query = query.where((eb) => eb.or(patterns.map((pattern) => eb('tag_index', 'like', pattern))));
  }
  if (filter.upstreamId !== undefined) {
    // Upstreams and servers belong to no upstream: none of them has this one.
    const column = kind === 'upstreams' || kind === 'servers' ? null : 'upstream_id';
    query = query.where((eb) => eb(column ? eb.ref(column) : eb.val(null), '=', filter.upstreamId ?? ''));
  }
  return query;
}

/** Hexadecimal UTF-8: compares case by case and has no wildcards, in every database. */
function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
