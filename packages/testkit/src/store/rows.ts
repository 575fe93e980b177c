/** @module Rows of a store: what goes in comes out, versions count. */
import type { Entity, Repository, Store } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { promptRecord, resourceRecord, serverRecord, toolRecord, upstreamRecord } from '../records.ts';

const UNICODE = 'ünïcode 名前 😀 "quotes" \\back\\ \n %_\' \u{10FFFF} \u202E';

/** A full record of each kind, to be changed by spreading. */
const FULL = {
  upstreams: () =>
    upstreamRecord({
      description: UNICODE,
      transport: 'stdio',
      command: 'uvx',
      args: ['mcp-server-git', '', UNICODE],
      env: { EMPTY: '', PATH: '/bin', [UNICODE]: UNICODE },
      config: `{"text":"${UNICODE}"}`,
      secrets: { [UNICODE]: UNICODE },
      cwd: '/tmp/ü',
      headers: [{ name: 'X-Key', value: UNICODE }],
      era: 'legacy',
      timeoutMs: 12_345,
      tags: ['a', UNICODE],
      visibility: 'private',
      enabled: false,
      owner: 'ü@example.com',
    }),
  tools: () =>
    toolRecord({
      originalName: UNICODE,
      customName: 'custom',
      position: 7,
      tags: ['x'],
      pluginChainPre: ['a', UNICODE],
    }),
  resources: () => resourceRecord({ originalName: `file:///${UNICODE}`, isTemplate: true, text: '', blob: 'AAAA' }),
  prompts: () => promptRecord({ customName: UNICODE, template: `Hello {{ name }} ${UNICODE}` }),
  servers: () =>
    serverRecord({
      name: UNICODE,
      icon: 'https://x/y.png',
      toolIds: ['b', 'a', 'b'],
      naming: 'prefixed',
      a2aEnabled: true,
      protocolVersions: ['2025-06-18', '2026-07-28'],
      tags: [UNICODE],
    }),
};

type Kind = keyof typeof FULL;
const KINDS = Object.keys(FULL) as Kind[];

/** One kind's repository, as one of entities. */
const repositoryOf = (store: Store, kind: Kind) => store[kind] as unknown as Repository<Entity>;

/** Describes what holds for single rows. */
export function describeRows(current: () => Store): void {
  describe.each(KINDS)('rows of %s', (kind) => {
    const rows = () => repositoryOf(current(), kind);
    const make = (): Entity => FULL[kind]();

    it('come out as they went in', async () => {
      const row = make();
      await rows().insert(row);
      expect(await rows().get(row.id)).toEqual(row);
      expect(await rows().all()).toEqual([row]);
      expect((await rows().list({ limit: 1, includeDisabled: true })).items).toEqual([row]);
    });

    it('are undefined where there are none', async () => {
      expect(await rows().get('none')).toBeUndefined();
      expect(await rows().get('')).toBeUndefined();
      expect(await rows().delete('none')).toBe(false);
    });

    it('are not changed by changing what was put in or got out', async () => {
      const row = { ...make(), tags: ['kept'] };
      await rows().insert(row);
      row.tags.push('after');
      const got = await rows().get(row.id);
      // A frozen record refuses, a copy takes it; neither may reach the store.
      Reflect.set(got ?? {}, 'owner', 'mallory');
      Reflect.set(got?.tags ?? [], 0, 'mallory');
      expect(await rows().get(row.id)).toMatchObject({ tags: ['kept'], owner: make().owner });
    });

    it('refuse an id that exists, and keep the first', async () => {
      const row = make();
      await rows().insert(row);
      await expect(rows().insert({ ...unnamed(kind), id: row.id })).rejects.toMatchObject({ code: 'conflict' });
      expect(await rows().all()).toEqual([row]);
    });

    it('are replaced whole by an update of the next version', async () => {
      const row = make();
      await rows().insert(row);
      const next = { ...unnamed(kind), id: row.id, createdAt: row.createdAt, version: 2 };
      await rows().update(next);
      expect(await rows().get(row.id)).toEqual(next);
    });

    it('refuse an update that is not of the next version, and keep what is there', async () => {
      const row = { ...make(), version: 3 };
      await rows().insert(row);
      for (const version of [1, 2, 3, 5]) {
        await expect(rows().update({ ...row, version, owner: 'x' })).rejects.toMatchObject({ code: 'conflict' });
      }
      expect(await rows().get(row.id)).toEqual(row);
    });

    it('let exactly one of many updates of the same version win', async () => {
      const row = make();
      await rows().insert(row);
      const tries = Array.from({ length: 10 }, (_, at) => rows().update({ ...row, version: 2, owner: `owner-${at}` }));
      const won = (await Promise.allSettled(tries)).flatMap(({ status }, at) => (status === 'fulfilled' ? [at] : []));
      expect(won).toHaveLength(1);
      expect(await rows().get(row.id)).toMatchObject({ version: 2, owner: `owner-${won[0]}` });
    });

    it('refuse an update of what is not there', async () => {
      await expect(rows().update({ ...make(), version: 2 })).rejects.toMatchObject({ code: 'not_found' });
      expect(await rows().all()).toEqual([]);
    });

    it('are gone after a delete, and their id and name free', async () => {
      const row = make();
      await rows().insert(row);
      expect(await rows().delete(row.id)).toBe(true);
      expect(await rows().delete(row.id)).toBe(false);
      expect(await rows().get(row.id)).toBeUndefined();
      await rows().insert(row);
      expect(await rows().get(row.id)).toEqual(row);
    });
  });

  describe('large rows', () => {
    it('a definition of 1 MB comes out to the character', async () => {
      const definition = JSON.stringify({ name: 'large', description: 'ä😀"\\'.repeat(160_000), n: 1e21 });
      expect(definition.length).toBeGreaterThan(1_000_000);
      const tool = toolRecord({ definition });
      await current().tools.insert(tool);
      expect((await current().tools.get(tool.id))?.definition === definition).toBe(true);
    });

    it('a name of 2,000 characters is unique by all of them', async () => {
      const long = `file:///${'x'.repeat(2000)}`;
      await current().resources.insert(resourceRecord({ originalName: `${long}a` }));
      await current().resources.insert(resourceRecord({ originalName: `${long}b` }));
      await expect(current().resources.insert(resourceRecord({ originalName: `${long}b` }))).rejects.toMatchObject({
        code: 'conflict',
      });
    });

    it('a server composes 2,000 tools in their order', async () => {
      const toolIds = Array.from({ length: 2000 }, (_, at) => `tool-${(at * 7919) % 2000}`);
      const server = serverRecord({ toolIds });
      await current().servers.insert(server);
      expect((await current().servers.get(server.id))?.toolIds).toEqual(toolIds);
    });
  });
}

const MAKERS = {
  upstreams: upstreamRecord,
  tools: toolRecord,
  resources: resourceRecord,
  prompts: promptRecord,
  servers: serverRecord,
};

/** A record whose unique names are its own. */
function unnamed(kind: Kind): Entity {
  return MAKERS[kind]();
}
