/** @module What every store does alike: order, cursors, unique names, the errors of a refused write. */
import { ForgeError } from '@forge/protocol';
import type {
  ItemRecord,
  PromptRecord,
  ResourceRecord,
  ServerRecord,
  ToolRecord,
  UpstreamRecord,
} from '../contracts/model.ts';
import type { Page } from '../contracts/store.ts';

/** What each repository of a store holds. */
export interface Entities {
  readonly upstreams: UpstreamRecord;
  readonly tools: ToolRecord;
  readonly resources: ResourceRecord;
  readonly prompts: PromptRecord;
  readonly servers: ServerRecord;
}

/** Which repository: `upstreams`, `tools`, ... */
export type EntityKind = keyof Entities;

/** A value that no other row of its kind may have. */
export interface UniqueKey {
  /** The record's field, for the message. */
  readonly field: string;
  readonly value: string;
}

/** A place in a list. */
export interface Position {
  readonly createdAt: number;
  readonly id: string;
}

/** The id of a record of the audit trail, by its batch and its place there. */
export function auditRecordId(batchId: string, index: number): string {
  return `${batchId}.${String(index).padStart(6, '0')}`;
}

const MAX_PAGE = 1000;
const MAX_CURSOR_LENGTH = 4096;

const NOUNS: Record<EntityKind | 'users' | 'audit', string> = {
  upstreams: 'upstream',
  tools: 'tool',
  resources: 'resource',
  prompts: 'prompt',
  servers: 'server',
  users: 'user',
  audit: 'batch of audit records',
};

/**
 * The unique values of a row, besides its id. Server names ignore case; a resource and a template are two kinds, and
 * Forge's own items are one upstream's.
 */
export const UNIQUE_KEYS: { readonly [K in EntityKind]: (row: Entities[K]) => readonly UniqueKey[] } = {
  upstreams: (row) => [
    { field: 'name', value: row.name },
    { field: 'slug', value: row.slug },
  ],
  tools: itemKey,
  resources: (row) => itemKey(row, row.isTemplate),
  prompts: itemKey,
  servers: (row) => [{ field: 'name', value: row.name.normalize('NFC').toLowerCase() }],
};

function itemKey(row: ItemRecord, isTemplate: boolean = false): readonly UniqueKey[] {
  return [{ field: 'originalName', value: JSON.stringify([row.upstreamId ?? null, isTemplate, row.originalName]) }];
}

/** Ascending by `createdAt`, then `id` by code points, which is how databases order bytes of UTF-8. */
export function byPosition(a: Position, b: Position): number {
  return a.createdAt - b.createdAt || compareText(a.id, b.id);
}

function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const difference = rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for code points behind all of the basic plane. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** The cursor of the page that follows `row`. */
export function encodeCursor(row: Position): string {
  const bytes = new TextEncoder().encode(JSON.stringify([row.createdAt, row.id]));
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The position in a cursor. @throws ForgeError `invalid_params` when {@link encodeCursor} did not make it. */
export function decodeCursor(cursor: string): Position {
  const position = cursor.length <= MAX_CURSOR_LENGTH ? readCursor(cursor) : undefined;
  if (!position || encodeCursor(position) !== cursor) {
    throw new ForgeError('invalid_params', 'The cursor is not one that this list gave out');
  }
  return position;
}

function readCursor(cursor: string): Position | undefined {
  try {
    const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
    const text = new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
    const [createdAt, id] = JSON.parse(text) as unknown[];
    return Number.isSafeInteger(createdAt) && typeof id === 'string'
      ? { createdAt: createdAt as number, id }
      : undefined;
  } catch {
    return undefined; // whatever it is, it is not a cursor: the caller says so
  }
}

/** The limit of a page. @throws ForgeError `invalid_params` when it is not 1 to 1000. */
export function checkLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return limit;
  throw new ForgeError('invalid_params', `The limit of a page is 1 to ${MAX_PAGE}`);
}

/** Cuts rows, of which one more than `limit` may have been read, to a page. */
export function toPage<T>(rows: readonly T[], limit: number, position: (row: T) => Position): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined ? { items, nextCursor: encodeCursor(position(last)) } : { items };
}

/** The lists of ids in a virtual server. */
export type ServerList = 'toolIds' | 'resourceIds' | 'promptIds' | 'upstreamIds';

/** What is deleted, by the list of a virtual server that may name it. */
export type GoneIds = Partial<Record<ServerList, ReadonlySet<string>>>;

/** A server without the ids that are gone, as its next version; `undefined` when it has none of them. */
export function withoutIds(server: ServerRecord, gone: GoneIds, now: number): ServerRecord | undefined {
  const left = (list: ServerList) => server[list].filter((id) => !gone[list]?.has(id));
  const lists = {
    toolIds: left('toolIds'),
    resourceIds: left('resourceIds'),
    promptIds: left('promptIds'),
    upstreamIds: left('upstreamIds'),
  };
  const changed = (Object.keys(lists) as ServerList[]).some((list) => lists[list].length < server[list].length);
  return changed ? { ...server, ...lists, version: server.version + 1, updatedAt: now } : undefined;
}

/** The refusal of a value that another row has. */
export function takenError(kind: EntityKind | 'users' | 'audit', field: string): ForgeError {
  return new ForgeError('conflict', `Another ${NOUNS[kind]} has this ${field}`, { data: { field } });
}

/** The refusal of an item whose upstream does not exist, or not any more. */
export function orphanError(kind: EntityKind): ForgeError {
  return new ForgeError('conflict', `The upstream of this ${NOUNS[kind]} does not exist`, {
    data: { field: 'upstreamId' },
  });
}

/** The refusal of an update of what is not there. */
export function missingError(kind: EntityKind): ForgeError {
  return new ForgeError('not_found', `There is no such ${NOUNS[kind]}`);
}

/** The refusal of an update whose version does not follow the stored one. */
export function staleError(kind: EntityKind): ForgeError {
  return new ForgeError('conflict', `The ${NOUNS[kind]} was changed by someone else; read it again`);
}
