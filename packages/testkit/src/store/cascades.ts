/** @module Deletes in a store: what belongs to an upstream goes with it, and no server names what is gone. */
import type { Store } from '@forge/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { promptRecord, resourceRecord, serverRecord, toolRecord, upstreamRecord } from '../records.ts';

/** Describes what holds for deletes. */
export function describeCascades(current: () => Store): void {
  describe('deleting', () => {
    const upstream = upstreamRecord();
    const other = upstreamRecord();
    const upstreamId = upstream.id;
    const tool = toolRecord({ upstreamId });
    const resource = resourceRecord({ upstreamId });
    const prompt = promptRecord({ upstreamId });
    const kept = toolRecord({ upstreamId: other.id });
    const local = promptRecord();
    const server = serverRecord({
      toolIds: [kept.id, tool.id],
      resourceIds: [resource.id],
      promptIds: [prompt.id, local.id],
      upstreamIds: [other.id, upstream.id],
    });
    const untouched = serverRecord({ toolIds: [kept.id], upstreamIds: [other.id] });

    beforeEach(async () => {
      await current().transaction(async ({ upstreams, tools, resources, prompts, servers }) => {
        await upstreams.insert(upstream);
        await upstreams.insert(other);
        await tools.insert(tool);
        await tools.insert(kept);
        await resources.insert(resource);
        await prompts.insert(prompt);
        await prompts.insert(local);
        await servers.insert(server);
        await servers.insert(untouched);
      });
    });

    it('an upstream deletes its items and leaves all others', async () => {
      expect(await current().upstreams.delete(upstream.id)).toBe(true);
      expect(await current().tools.all()).toEqual([kept]);
      expect(await current().resources.all()).toEqual([]);
      expect(await current().prompts.all()).toEqual([local]);
      expect(await current().upstreams.all()).toEqual([other]);
    });

    it('an upstream takes its id and its items out of every server, whose version counts it', async () => {
      await current().upstreams.delete(upstream.id);
      const left = await current().servers.get(server.id);
      expect(left).toEqual({
        ...server,
        toolIds: [kept.id],
        resourceIds: [],
        promptIds: [local.id],
        upstreamIds: [other.id],
        version: 2,
        updatedAt: left?.updatedAt,
      });
      expect(left?.updatedAt).toBeGreaterThanOrEqual(server.updatedAt);
      expect(await current().servers.get(untouched.id)).toEqual(untouched);
    });

    it('an item takes its id out of every server, from the list of its kind only', async () => {
      const same = serverRecord({ toolIds: [tool.id, kept.id, tool.id], promptIds: [tool.id] });
      await current().servers.insert(same);
      expect(await current().tools.delete(tool.id)).toBe(true);
      expect(await current().servers.get(server.id)).toMatchObject({ toolIds: [kept.id], version: 2 });
      expect(await current().servers.get(same.id)).toMatchObject({ toolIds: [kept.id], promptIds: [tool.id] });
      await current().resources.delete(resource.id);
      await current().prompts.delete(prompt.id);
      expect(await current().servers.get(server.id)).toMatchObject({
        resourceIds: [],
        promptIds: [local.id],
        version: 4,
      });
      expect(await current().servers.get(untouched.id)).toEqual(untouched);
    });

    it('an item with an id of any characters takes out that id alone', async () => {
      const ids = ['a"b', 'a\\b', 'a%', 'a_', 'ab', 'AB', 'ü😀', "a'b"];
      const composed = serverRecord({ toolIds: ids });
      await current().servers.insert(composed);
      for (const id of ids) await current().tools.insert(toolRecord({ id }));
      for (const [at, id] of ids.entries()) {
        await current().tools.delete(id);
        expect((await current().servers.get(composed.id))?.toolIds, id).toEqual(ids.slice(at + 1));
      }
    });

    it('makes the update of a server that was read before a conflict', async () => {
      const read = await current().servers.get(server.id);
      await current().tools.delete(tool.id);
      const update = current().servers.update({ ...server, ...read, version: 2 });
      await expect(update).rejects.toMatchObject({ code: 'conflict' });
      expect((await current().servers.get(server.id))?.toolIds).toEqual([kept.id]);
    });

    it('is undone whole with its transaction', async () => {
      const work = current().transaction(async ({ upstreams, tools, servers }) => {
        await upstreams.delete(upstream.id);
        expect(await tools.get(tool.id)).toBeUndefined();
        expect(await servers.get(server.id)).toMatchObject({ version: 2 });
        throw new Error('changed my mind');
      });
      await expect(work).rejects.toThrow('changed my mind');
      expect(await current().upstreams.get(upstream.id)).toEqual(upstream);
      expect(await current().tools.get(tool.id)).toEqual(tool);
      expect(await current().servers.get(server.id)).toEqual(server);
    });

    it('an upstream of 2,000 tools cleans a server of all of them', async () => {
      const big = upstreamRecord();
      const rows = Array.from({ length: 2000 }, () => toolRecord({ upstreamId: big.id }));
      const composed = serverRecord({ toolIds: [kept.id, ...rows.map(({ id }) => id)] });
      await current().transaction(async ({ upstreams, tools, servers }) => {
        await upstreams.insert(big);
        for (const row of rows) await tools.insert(row);
        await servers.insert(composed);
      });
      await current().upstreams.delete(big.id);
      expect((await current().servers.get(composed.id))?.toolIds).toEqual([kept.id]);
      expect((await current().tools.all()).map(({ id }) => id)).toEqual([tool.id, kept.id]);
    });
  });
}
