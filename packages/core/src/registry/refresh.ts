/** @module Brings the stored items of an upstream in line with its lists. */
import type { ItemRecord, PromptRecord, ResourceRecord, ToolRecord, UpstreamRecord } from '../contracts/model.ts';
import type { Repositories, Repository } from '../contracts/store.ts';
import type { Discovered, DiscoveredItem, SkippedItem } from '../contracts/upstream-pool.ts';
import { nextVersion, type RegistryContext } from './context.ts';
import { rowsOf } from './rows.ts';

/** How many items of a kind a refresh touched. */
export interface RefreshCounts {
  readonly added: number;
  readonly updated: number;
  readonly removed: number;
  /** Unchanged, but in another place of the list. */
  readonly moved: number;
}

/** What a refresh did. Templates count as resources. */
export interface RefreshResult {
  readonly at: number;
  readonly tools: RefreshCounts;
  readonly prompts: RefreshCounts;
  readonly resources: RefreshCounts;
  readonly skipped: readonly SkippedItem[];
}

interface Found extends DiscoveredItem {
  readonly isTemplate?: boolean;
}

/**
 * Stores what was discovered: rows are told apart by their original names, so what stays keeps its id, its settings and
 * its place in virtual servers. Call it within a transaction.
 */
export async function applyDiscovered(
  context: RegistryContext,
  repositories: Repositories,
  upstream: UpstreamRecord,
  discovered: Discovered,
): Promise<RefreshResult> {
  const base = (): Omit<ItemRecord, 'originalName' | 'definition' | 'position'> => ({
    id: context.newId(),
    createdAt: context.now(),
    updatedAt: context.now(),
    version: 1,
    owner: upstream.owner,
    enabled: true,
    visibility: upstream.visibility,
    tags: [],
    upstreamId: upstream.id,
  });
  const item = ({ name, definition }: Found, position: number): ToolRecord => ({
    ...base(),
    originalName: name,
    definition,
    position,
  });
  const resource = (found: Found, position: number): ResourceRecord => ({
    ...item(found, position),
    isTemplate: found.isTemplate ?? false,
  });
  const sync = <T extends ToolRecord | PromptRecord | ResourceRecord>(
    repository: Repository<T>,
    found: readonly Found[],
    make: (found: Found, position: number) => T,
  ): Promise<RefreshCounts> => syncKind(context, repository, upstream.id, found, make);

  const { tools, prompts, resources, templates } = discovered;
  const allResources = [...resources, ...templates.map((found) => ({ ...found, isTemplate: true }))];
  return {
    at: context.now(),
    tools: await sync(repositories.tools, tools, item),
    prompts: await sync<PromptRecord>(repositories.prompts, prompts, item),
    resources: await sync(repositories.resources, allResources, resource),
    skipped: discovered.skipped,
  };
}

/** Whether a refresh changed anything. */
export function changedAnything({ tools, prompts, resources }: RefreshResult): boolean {
  return [tools, prompts, resources].some(
    ({ added, updated, removed, moved }) => added + updated + removed + moved > 0,
  );
}

async function syncKind<T extends ItemRecord & { readonly isTemplate?: boolean }>(
  context: RegistryContext,
  repository: Repository<T>,
  upstreamId: string,
  found: readonly Found[],
  make: (found: Found, position: number) => T,
): Promise<RefreshCounts> {
  const stored = new Map((await rowsOf(repository, upstreamId)).map((row) => [keyOf(row.originalName, row), row]));
  const wanted = new Map(found.map((one) => [keyOf(one.name, one), one]));
  const gone = [...stored].filter(([key]) => !wanted.has(key)).map(([, row]) => row.id);
  for (const id of gone) await repository.delete(id);
  const counts = { added: 0, updated: 0, removed: gone.length, moved: 0 };
  let position = -1;
  for (const [key, one] of wanted) {
    position += 1;
    const row = stored.get(key);
    if (row === undefined) {
      counts.added += 1;
      await repository.insert(make(one, position));
    } else if (row.definition !== one.definition || row.position !== position) {
      counts[row.definition === one.definition ? 'moved' : 'updated'] += 1;
      await repository.update(nextVersion(context, { ...row, definition: one.definition, position }));
    }
  }
  return counts;
}

/** A resource and a template may have the same text. */
function keyOf(name: string, { isTemplate }: { readonly isTemplate?: boolean }): string {
  return `${isTemplate ? 'template' : ''} ${name}`;
}
