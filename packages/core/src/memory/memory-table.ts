/** @module Rows of one kind in memory, with the indexes that keep names unique. */
import type { Entity } from '../contracts/model.ts';
import type { ListQuery, Page } from '../contracts/store.ts';
import {
  byPosition,
  checkLimit,
  decodeCursor,
  type EntityKind,
  missingError,
  staleError,
  takenError,
  toPage,
  type UniqueKey,
} from './store-rules.ts';

/** Rows of one kind. Every change lands whole or not at all. */
export interface MemoryTable<T extends Entity> {
  get(id: string): T | undefined;
  /** In ascending order of `createdAt`, then `id`. */
  all(): readonly T[];
  list(query: ListQuery): Page<T>;
  /** @throws ForgeError `conflict` */
  insert(row: T): void;
  /** @throws ForgeError `not_found`, `conflict` */
  update(row: T): void;
  delete(id: string): boolean;
  copy(): MemoryTable<T>;
}

/** Makes a table; `uniqueKeys` says which values of a row no other may have. */
export function createMemoryTable<T extends Entity & { readonly upstreamId?: string | undefined }>(
  kind: EntityKind,
  uniqueKeys: (row: T) => readonly UniqueKey[],
  rows: Map<string, T> = new Map(),
  owners: Map<string, string> = new Map(),
): MemoryTable<T> {
  const indexKey = ({ field, value }: UniqueKey) => `${field} ${value}`;

  const assertFree = (row: T) => {
    for (const key of uniqueKeys(row)) {
      if ((owners.get(indexKey(key)) ?? row.id) !== row.id) throw takenError(kind, key.field);
    }
  };
  const put = (row: T) => {
    rows.set(row.id, freeze(structuredClone(row)));
    for (const key of uniqueKeys(row)) owners.set(indexKey(key), row.id);
  };
  const remove = (row: T) => {
    rows.delete(row.id);
    for (const key of uniqueKeys(row)) owners.delete(indexKey(key));
  };
  const all = () => [...rows.values()].toSorted(byPosition);

  return {
    get: (id) => rows.get(id),
    all,
    list(query) {
      const limit = checkLimit(query.limit);
      const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
      const wanted = (row: T) =>
        (after === undefined || byPosition(row, after) > 0) &&
        (query.includeDisabled === true || row.enabled) &&
        (query.upstreamId === undefined || row.upstreamId === query.upstreamId) &&
        (query.visibleTo === undefined || row.visibility === 'public' || row.owner === query.visibleTo) &&
        (!query.tags?.length || query.tags.some((tag) => row.tags.includes(tag)));
      return toPage(all().filter(wanted), limit, (row) => row);
    },
    insert(row) {
      if (rows.has(row.id)) throw takenError(kind, 'id');
      assertFree(row);
      put(row);
    },
    update(row) {
      const stored = rows.get(row.id);
      if (!stored) throw missingError(kind);
      if (row.version !== stored.version + 1) throw staleError(kind);
      assertFree(row);
      remove(stored);
      put(row);
    },
    delete(id) {
      const row = rows.get(id);
      if (row) remove(row);
      return row !== undefined;
    },
    copy: () => createMemoryTable(kind, uniqueKeys, new Map(rows), new Map(owners)),
  };
}

/** Freezes a value and all that it holds, so that callers cannot change what is stored. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}
