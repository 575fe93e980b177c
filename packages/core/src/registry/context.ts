/** @module What the parts of the registry share. */
import type { AddressPolicy } from '../addresses/address-policy.ts';
import type { Entity } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { Store } from '../contracts/store.ts';
import type { UpstreamPool } from '../contracts/upstream-pool.ts';
import type { PluginSet } from '../plugins/plugin-set.ts';
import { checkTags, checkVisibility } from './checks.ts';
import type { Sealer } from './sealer.ts';

/** What the parts of the registry share. */
export interface RegistryContext {
  readonly store: Store;
  readonly pool: UpstreamPool;
  readonly sealer: Sealer;
  readonly allowStdio: boolean;
  /** Which hosts upstreams may be at. */
  readonly addresses: AddressPolicy | undefined;
  /** Between slug and original name in aggregates. */
  readonly separator: string;
  /** Revisions of the protocol that are served. */
  readonly protocolVersions: readonly string[];
  /** What chains of tools may name. */
  readonly plugins: PluginSet;
  now(): number;
  newId(): string;
  /** Tells every replica that something changed; called after the change is stored. */
  changed(): Promise<void>;
}

/** What a creator may say about any thing. */
export interface EntityInput {
  readonly enabled?: boolean | undefined;
  /** @default 'public' */
  readonly visibility?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** The common part of a new row. */
export function newEntity(context: RegistryContext, principal: Principal, input: EntityInput): Entity {
  const at = context.now();
  return {
    id: context.newId(),
    createdAt: at,
    updatedAt: at,
    version: 1,
    owner: principal.id,
    enabled: input.enabled ?? true,
    visibility: checkVisibility(input.visibility ?? 'public'),
    tags: checkTags(input.tags ?? []),
  };
}

/** The common part of a changed row. */
export function changedEntity(context: RegistryContext, row: Entity, input: EntityInput): Entity {
  return {
    id: row.id,
    createdAt: row.createdAt,
    updatedAt: context.now(),
    version: row.version + 1,
    owner: row.owner,
    enabled: input.enabled ?? row.enabled,
    visibility: input.visibility === undefined ? row.visibility : checkVisibility(input.visibility),
    tags: input.tags === undefined ? row.tags : checkTags(input.tags),
  };
}

/** A row with its version and time of change advanced. */
export function nextVersion<T extends Entity>(context: RegistryContext, row: T): T {
  return { ...row, version: row.version + 1, updatedAt: context.now() };
}
