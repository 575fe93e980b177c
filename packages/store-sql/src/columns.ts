/** @module How records become rows and rows records: one column for each field, in snake_case. */
import type { AgentTaskRecord, Entities, RevokedToken, SessionStateRecord, UserRecord } from '@forge/core';

/** What every supported database stores and gives back as it was. */
export type SqlValue = string | number | null;

/** A row as a driver takes and gives it. */
export type SqlRow = Record<string, SqlValue>;

/** How a field's value is stored. */
interface Column {
  encode(value: unknown): SqlValue;
  decode(value: SqlValue): unknown;
}

/** Text and numbers; `undefined` is NULL. */
const plain: Column = {
  encode: (value) => (value ?? null) as SqlValue,
  decode: (value) => value ?? undefined,
};

/** A boolean as 0 or 1, which every database has. */
const flag: Column = {
  encode: (value) => (value === true ? 1 : 0),
  decode: (value) => Number(value) === 1,
};

/** Lists and maps as JSON text; `undefined` is NULL. */
const json: Column = {
  encode: (value) => (value === undefined ? null : JSON.stringify(value)),
  decode: (value) => (value === null ? undefined : (JSON.parse(String(value)) as unknown)),
};

/** The columns of a record: the compiler sees to it that no field is forgotten. */
export type Columns<T> = { readonly [F in keyof Required<T>]: Column };

const entity = {
  id: plain,
  createdAt: plain,
  updatedAt: plain,
  version: plain,
  owner: plain,
  enabled: flag,
  visibility: plain,
  tags: json,
};
const item = { ...entity, upstreamId: plain, originalName: plain, definition: plain, position: plain };

/** The columns of each kind of entity. */
export const ENTITY_COLUMNS: { readonly [K in keyof Entities]: Columns<Entities[K]> } = {
  upstreams: {
    ...entity,
    name: plain,
    slug: plain,
    description: plain,
    transport: plain,
    url: plain,
    command: plain,
    args: json,
    env: json,
    cwd: plain,
    headers: json,
    config: plain,
    secrets: json,
    era: plain,
    timeoutMs: plain,
  },
  tools: { ...item, customName: plain, pluginChainPre: json, pluginChainPost: json },
  resources: { ...item, isTemplate: flag, text: plain, blob: plain },
  prompts: { ...item, customName: plain, template: plain },
  servers: {
    ...entity,
    name: plain,
    description: plain,
    icon: plain,
    toolIds: json,
    resourceIds: json,
    promptIds: json,
    upstreamIds: json,
    naming: plain,
    protocolVersions: json,
    a2aEnabled: flag,
  },
};

/** The columns of users. */
export const USER_COLUMNS: Columns<UserRecord> = {
  email: plain,
  fullName: plain,
  passwordHash: plain,
  admin: flag,
  enabled: flag,
  createdAt: plain,
};

/** The columns of revoked tokens. */
export const REVOKED_TOKEN_COLUMNS: Columns<RevokedToken> = { jti: plain, revokedAt: plain, expiresAt: plain };

/** The columns of states of sessions. */
export const SESSION_STATE_COLUMNS: Columns<SessionStateRecord> = { id: plain, state: plain, savedAt: plain };

/** The columns of tasks of agents. */
export const AGENT_TASK_COLUMNS: Columns<AgentTaskRecord> = {
  id: plain,
  owner: plain,
  caller: plain,
  context: plain,
  state: plain,
  createdAt: plain,
  runner: plain,
  leaseUntil: plain,
  body: plain,
};

/** The two directions for one kind of record, whose rows are `R`. */
export interface RowCodec<T, R extends SqlRow> {
  readonly toRow: (record: T) => R;
  /** A field that is NULL stays absent. Columns that are no field's are left out. */
  readonly fromRow: (row: SqlRow) => T;
}

/** Makes a codec. */
export function rowCodec<T extends object, R extends SqlRow = SqlRow>(columns: Columns<T>): RowCodec<T, R> {
  const fields = Object.entries<Column>(columns).map(([field, column]) => ({
    field,
    name: field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    column,
  }));
  return {
    toRow: (record) =>
      Object.fromEntries(
        fields.map(({ field, name, column }) => [name, column.encode((record as Record<string, unknown>)[field])]),
      ) as R,
    fromRow(row) {
      const record: Record<string, unknown> = {};
      for (const { field, name, column } of fields) {
        const value = column.decode(row[name] ?? null);
        if (value !== undefined) record[field] = value;
      }
      return record as T;
    },
  };
}
