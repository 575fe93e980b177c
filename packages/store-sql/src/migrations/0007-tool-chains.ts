/** @module The plugins around calls of a tool. Those of REST tools stood in the configuration of their upstreams. */
import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';
import type { Migration } from './migration.ts';

/** See {@link Migration}. */
export const toolChains: Migration = {
  name: '0007-tool-chains',
  async up(db, { text }) {
    await db.schema.alterTable('tools').addColumn('plugin_chain_pre', text).execute();
    await db.schema.alterTable('tools').addColumn('plugin_chain_post', text).execute();
    const upstreams = await db
      .selectFrom('upstreams')
      .selectAll()
      .where('transport' as never, '=', 'rest' as never)
      .execute();
    for (const { id, config } of upstreams as unknown as { id: string; config: string | null }[]) {
      if (config?.includes('"pluginChainP') === true) await moveChains(db, id, config);
    }
  },
};

interface Operation {
  readonly name: string;
  readonly pluginChainPre?: readonly string[];
  readonly pluginChainPost?: readonly string[];
}

async function moveChains(db: Kysely<Database>, upstreamId: string, config: string): Promise<void> {
  const { operations, ...rest } = JSON.parse(config) as { operations: readonly Operation[] };
  for (const { name, pluginChainPre, pluginChainPost } of operations) {
    const chains = { plugin_chain_pre: chainText(pluginChainPre), plugin_chain_post: chainText(pluginChainPost) };
    await db
      .updateTable('tools')
      .set(chains as never)
      .where('upstream_id', '=', upstreamId)
      .where('original_name' as never, '=', name as never)
      .execute();
  }
  const kept = operations.map((operation) => ({
    ...operation,
    pluginChainPre: undefined,
    pluginChainPost: undefined,
  }));
  const text = JSON.stringify({ ...rest, operations: kept });
  await db
    .updateTable('upstreams')
    .set({ config: text } as never)
    .where('id', '=', upstreamId)
    .execute();
}

function chainText(chain: readonly string[] = []): string | null {
  return chain.length === 0 ? null : JSON.stringify(chain);
}
