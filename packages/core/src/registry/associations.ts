/** @module Finds what a virtual server is composed of, by ids or by names. */
import type { ServerRecord, UpstreamRecord } from '../contracts/model.ts';
import type { Repositories } from '../contracts/store.ts';
import { ForgeError } from '@forge/protocol';
import { checkCount, invalid } from './checks.ts';
import type { RegistryContext } from './context.ts';
import { type AnyItem, nameItems, oneNamed } from './items.ts';
import { LIMITS } from './limits.ts';
import type { ItemKind } from './rows.ts';

/** What a virtual server is composed of: ids, or names that belong to one item only. */
export interface Associations {
  readonly tools?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly prompts?: readonly string[] | undefined;
  /** Upstreams whose whole lists belong to it; by id, name or slug. */
  readonly upstreams?: readonly string[] | undefined;
}

type AssociatedIds = Pick<ServerRecord, 'toolIds' | 'resourceIds' | 'promptIds' | 'upstreamIds'>;

/** Fields as the REST API calls them, for messages. */
const FIELDS = {
  tools: 'associatedTools',
  resources: 'associatedResources',
  prompts: 'associatedPrompts',
  upstreams: 'associatedGateways',
} as const;

/**
 * The ids; what is absent stays as in `current`.
 *
 * @throws ForgeError `validation_failed`, naming what does not exist or is the name of several
 */
export async function resolveAssociations(
  context: RegistryContext,
  repositories: Repositories,
  wanted: Associations,
  current?: AssociatedIds,
): Promise<AssociatedIds> {
  const items = (kind: ItemKind, refs: readonly string[] | undefined, now: readonly string[] = []) =>
    refs === undefined ? now : itemIds(context, repositories, kind, refs);
  return {
    toolIds: await items('tools', wanted.tools, current?.toolIds),
    resourceIds: await items('resources', wanted.resources, current?.resourceIds),
    promptIds: await items('prompts', wanted.prompts, current?.promptIds),
    upstreamIds:
      wanted.upstreams === undefined
        ? (current?.upstreamIds ?? [])
        : upstreamIds(await repositories.upstreams.all(), wanted.upstreams),
  };
}

async function itemIds(
  { separator }: RegistryContext,
  repositories: Repositories,
  kind: ItemKind,
  refs: readonly string[],
): Promise<readonly string[]> {
  checkCount(FIELDS[kind], refs, LIMITS.associations);
  const found = await Promise.all(refs.map((ref) => repositories[kind].get(ref)));
  if (found.every((row) => row !== undefined)) return [...new Set(refs)];
  const rows = await nameItems<AnyItem>(repositories, await repositories[kind].all(), separator);
  const ids = refs.map((ref, index) =>
    found[index] ? ref : orInvalid(FIELDS[kind], () => oneNamed(rows, ref, kind.slice(0, -1)).id),
  );
  return [...new Set(ids)];
}

function upstreamIds(rows: readonly UpstreamRecord[], refs: readonly string[]): readonly string[] {
  checkCount(FIELDS.upstreams, refs, LIMITS.associations);
  const found = refs.map((ref) => {
    const row = rows.find(({ id }) => id === ref) ?? rows.find(({ name, slug }) => name === ref || slug === ref);
    if (!row) throw invalid(FIELDS.upstreams, `there is no gateway "${ref.slice(0, 100)}"`);
    return row.id;
  });
  return [...new Set(found)];
}

/** A name that leads nowhere is the association's fault, not a missing page. */
function orInvalid(field: string, find: () => string): string {
  try {
    return find();
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'not_found') throw invalid(field, error.message);
    throw error;
  }
}
