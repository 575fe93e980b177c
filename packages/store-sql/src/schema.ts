/** @module The tables as Kysely sees them. */
import type { Entities, EntityKind } from '@forge/core';
import type { SqlRow } from './columns.ts';

/** What the tables of upstreams, items and servers share. Their other columns are those that `ENTITY_COLUMNS` names. */
export interface EntityRow extends SqlRow {
  readonly id: string;
  readonly created_at: number;
  readonly version: number;
  readonly owner: string;
  readonly enabled: number;
  readonly visibility: string;
  /** Each tag as hexadecimal between bars: `|61|6263|`, so that a LIKE finds it whole, whatever its characters. */
  readonly tag_index: string;
}

/** Tables of items. */
export interface ItemRow extends EntityRow {
  readonly upstream_id: string | null;
}

/** The kinds that belong to upstreams. */
export type ItemKind = Exclude<EntityKind, 'upstreams' | 'servers'>;

/** Audit records that were written together. */
export interface AuditBatchRow {
  readonly id: string;
  readonly first_at: number;
  readonly last_at: number;
  /** Records in it. */
  readonly size: number;
  /** JSON, see `repositories/audit-columns.ts`. */
  readonly records: string;
}

/** Tasks of agents. */
export interface AgentTaskRow extends SqlRow {
  readonly id: string;
  readonly owner: string;
  readonly caller: string;
  readonly context: string;
  readonly state: string;
  readonly created_at: number;
  readonly runner: string;
  readonly lease_until: number;
  readonly body: string;
}

/** Every table. */
export type Database = { readonly [K in keyof Entities]: K extends ItemKind ? ItemRow : EntityRow } & {
  readonly users: SqlRow & { readonly email: string; readonly created_at: number };
  readonly revoked_tokens: SqlRow & { readonly jti: string; readonly expires_at: number };
  readonly session_states: SqlRow & { readonly id: string; readonly saved_at: number };
  readonly agent_tasks: AgentTaskRow;
  readonly audit_batches: AuditBatchRow;
  readonly migrations: { readonly name: string; readonly applied_at: number };
};
