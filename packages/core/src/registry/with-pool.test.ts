import { expect, test } from 'vitest';
import { createForge } from '../create-forge.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { script, scriptedAdapter } from '../upstreams/scripted-upstream.fixture.ts';
import { ADMIN } from './registry.fixture.ts';
import { createSealer } from './sealer.ts';

test('with the real pool, what is registered, refreshed, moved and deleted is served when the change returns', async () => {
  const scripts = { 'http://a/': script(['one']), 'http://b/': script(['two']) };
  const forge = await createForge({
    store: createMemoryStore(),
    sealer: createSealer('secret'),
    adapters: [scriptedAdapter(scripts)],
  });
  const tools = () => [...(forge.catalog.view(undefined, ADMIN)?.tools.keys() ?? [])];
  try {
    const { upstreams } = forge.registry;
    const { id } = await upstreams.create(ADMIN, { name: 'a', url: 'http://a/' });
    expect(tools()).toEqual(['a-one']);
    expect(await upstreams.refresh(ADMIN, id)).toMatchObject({ tools: { added: 0, updated: 0, removed: 0 } });
    await upstreams.update(ADMIN, id, { name: 'b', url: 'http://b/' });
    expect(tools()).toEqual(['b-two']);
    await upstreams.delete(ADMIN, id);
    expect(tools()).toEqual([]);
  } finally {
    await forge.close();
  }
});
