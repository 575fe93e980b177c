/** @module Small ways through repositories. */
import type { ItemRecord } from '../contracts/model.ts';
import type { Repository } from '../contracts/store.ts';

/** Kinds of items, named as their repositories. */
export type ItemKind = 'tools' | 'resources' | 'prompts';

/** Every row of an upstream, enabled or not. */
export async function rowsOf<T extends ItemRecord>(repository: Repository<T>, upstreamId: string): Promise<T[]> {
  const rows: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await repository.list({ limit: 1000, upstreamId, includeDisabled: true, cursor });
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows;
}
