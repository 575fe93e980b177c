/** @module Names in a store: which ones are unique, and among what. */
import type { Store } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { promptRecord, resourceRecord, serverRecord, toolRecord, upstreamRecord } from '../records.ts';

/** Describes what holds for unique names. */
export function describeNames(current: () => Store): void {
  describe('unique names', () => {
    const refused = { code: 'conflict' };

    it('an upstream has its name and its slug to itself', async () => {
      const { upstreams } = current();
      await upstreams.insert(upstreamRecord({ name: 'One', slug: 'one' }));
      const second = upstreamRecord();
      await expect(upstreams.insert({ ...second, name: 'One' })).rejects.toMatchObject({
        ...refused,
        data: { field: 'name' },
      });
      await expect(upstreams.insert({ ...second, slug: 'one' })).rejects.toMatchObject({
        ...refused,
        data: { field: 'slug' },
      });
      await upstreams.insert(second);
      await expect(upstreams.update({ ...second, version: 2, name: 'One' })).rejects.toMatchObject(refused);
      expect(await upstreams.get(second.id)).toEqual(second);
    });

    it('a virtual server has its name to itself, in any case', async () => {
      const { servers } = current();
      await servers.insert(serverRecord({ name: 'Bücher' }));
      for (const name of ['Bücher', 'BÜCHER', 'bu\u0308cher']) {
        await expect(servers.insert(serverRecord({ name }))).rejects.toMatchObject(refused);
      }
      await servers.insert(serverRecord({ name: 'Bucher' }));
    });

    it('a row may keep its own name in an update', async () => {
      const server = serverRecord({ name: 'Same' });
      await current().servers.insert(server);
      await current().servers.update({ ...server, version: 2, name: 'SAME' });
      expect(await current().servers.get(server.id)).toMatchObject({ name: 'SAME' });
    });

    it('a changed name is free for others', async () => {
      const { servers } = current();
      const server = serverRecord({ name: 'Old' });
      await servers.insert(server);
      await servers.update({ ...server, version: 2, name: 'New' });
      await servers.insert(serverRecord({ name: 'old' }));
      await expect(servers.insert(serverRecord({ name: 'new' }))).rejects.toMatchObject(refused);
    });

    it('an item has its original name to itself within upstream and kind, case by case', async () => {
      const store = current();
      const [one, two] = [upstreamRecord(), upstreamRecord()];
      await store.upstreams.insert(one);
      await store.upstreams.insert(two);
      for (const upstreamId of [one.id, two.id, undefined]) {
        await store.tools.insert(toolRecord({ upstreamId, originalName: 'echo' }));
        await store.tools.insert(toolRecord({ upstreamId, originalName: 'Echo' }));
        await store.prompts.insert(promptRecord({ upstreamId, originalName: 'echo' }));
        await store.resources.insert(resourceRecord({ upstreamId, originalName: 'echo' }));
        await store.resources.insert(resourceRecord({ upstreamId, originalName: 'echo', isTemplate: true }));
        const tool = toolRecord({ upstreamId, originalName: 'echo' });
        const prompt = promptRecord({ upstreamId, originalName: 'echo' });
        const resource = resourceRecord({ upstreamId, originalName: 'echo' });
        await expect(store.tools.insert(tool)).rejects.toMatchObject(refused);
        await expect(store.prompts.insert(prompt)).rejects.toMatchObject(refused);
        await expect(store.resources.insert(resource)).rejects.toMatchObject(refused);
      }
      expect(await store.tools.all()).toHaveLength(6);
      expect(await store.resources.all()).toHaveLength(6);
    });

    it('an item of an upstream that does not exist is refused', async () => {
      const { tools } = current();
      await expect(tools.insert(toolRecord({ upstreamId: 'nowhere' }))).rejects.toMatchObject({
        ...refused,
        data: { field: 'upstreamId' },
      });
      const tool = toolRecord();
      await tools.insert(tool);
      await expect(tools.update({ ...tool, version: 2, upstreamId: 'nowhere' })).rejects.toMatchObject(refused);
      expect(await tools.all()).toEqual([tool]);
    });
  });
}
