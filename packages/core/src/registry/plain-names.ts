/** @module Tools that are registered by themselves: their upstream is but what serves them. */
import type { UpstreamRecord } from '../contracts/model.ts';
import type { Repositories } from '../contracts/store.ts';
import { nextVersion, type RegistryContext } from './context.ts';
import { checkCustomName, checkName } from './items.ts';
import { rowsOf } from './rows.ts';

/**
 * Gives the tools of a new upstream their own names in aggregates, without a prefix, and the upstream's tags. Call it
 * within the transaction that stores them.
 *
 * @throws ForgeError `conflict` where a name is taken
 */
export async function keepPlainNames(
  context: RegistryContext,
  repositories: Repositories,
  { id, tags }: UpstreamRecord,
): Promise<void> {
  for (const row of await rowsOf(repositories.tools, id)) {
    const customName = checkCustomName('name', row.originalName);
    await checkName(context, repositories, 'tools', row.id, customName);
    await repositories.tools.update(nextVersion(context, { ...row, customName, tags }));
  }
}

/** A slug that no name leads to, so that it takes no gateway's. */
export function plainSlug(id: string): string {
  return `tool-${id.slice(0, 16)}`;
}
