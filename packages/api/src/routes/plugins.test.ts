import { describe, expect, it } from 'vitest';
import { setUp } from '../api.fixture.ts';

const plugins = [
  {
    name: 'later',
    priority: 200,
    mode: 'audit' as const,
    afterCall: () => undefined,
    about: { kind: 'k', description: 'Looks at results', author: 'me', version: '1.2.3', tags: ['watch'] },
  },
  { name: 'first', priority: 1, chainOnly: true, beforeCall: () => undefined },
  { name: 'off', mode: 'disabled' as const },
];

describe('GET /plugins', () => {
  it('lists plugins in the order in which they are asked, under /v1 as well', async () => {
    const { send } = setUp({ plugins });
    for (const path of ['/plugins', '/v1/plugins']) {
      const { status, body } = await send('GET', path);
      expect(status).toBe(200);
      expect(body).toMatchObject({ pluginsGloballyEnabled: true, total: 3, enabledCount: 2, disabledCount: 1 });
      expect(body.plugins.map((plugin: { name: string }) => plugin.name)).toEqual(['first', 'off', 'later']);
      expect(body.plugins[2]).toEqual({
        name: 'later',
        kind: 'k',
        description: 'Looks at results',
        author: 'me',
        version: '1.2.3',
        mode: 'audit',
        priority: 200,
        hooks: ['tool_post_invoke'],
        tags: ['watch'],
        status: 'enabled',
        chainOnly: false,
        error: null,
      });
    }
  });

  it('finds them by words, mode, hook and tag', async () => {
    const { send } = setUp({ plugins });
    for (const [query, found] of [
      ['search=RESULTS', ['later']],
      ['mode=disabled', ['off']],
      ['hook=tool_pre_invoke', ['first']],
      ['tag=watch', ['later']],
      ['tag=none', []],
    ] as const) {
      const { body } = await send('GET', `/plugins?${query}`);
      expect(body.plugins.map((plugin: { name: string }) => plugin.name)).toEqual(found);
    }
  });

  it('is for administrators', async () => {
    const { send } = setUp({ plugins });
    expect((await send('GET', '/plugins', { as: 'alice' })).status).toBe(403);
    expect((await send('GET', '/plugins', { as: '' })).status).toBe(401);
  });
});

describe('the chains of a tool', () => {
  const chained = async () => {
    const api = setUp({ plugins });
    api.tools.set('git', ['status']);
    await api.send('POST', '/gateways', { json: { name: 'git', url: 'http://git/mcp' } });
    return api;
  };

  it('are set on the tool of any gateway, in either spelling, and taken away by an empty list', async () => {
    const { send } = await chained();
    const set = await send('PUT', '/tools/git-status', { json: { plugin_chain_pre: ['first'] } });
    expect(set).toMatchObject({ status: 200, body: { pluginChainPre: ['first'], pluginChainPost: null } });
    const { body } = await send('PUT', '/tools/git-status', { json: { pluginChainPost: ['later'] } });
    expect(body).toMatchObject({ pluginChainPre: ['first'], pluginChainPost: ['later'], pluginChainError: null });
    expect((await send('PUT', '/tools/git-status', { json: body })).status).toBe(200);
    const { body: none } = await send('PUT', '/tools/git-status', { json: { pluginChainPre: [] } });
    expect(none).toMatchObject({ pluginChainPre: null, pluginChainPost: ['later'] });
  });

  it('are told to administrators only', async () => {
    const { send } = await chained();
    await send('PUT', '/tools/git-status', { json: { plugin_chain_pre: ['first'] } });
    const { body } = await send('GET', '/tools/git-status', { as: 'alice' });
    expect(body).toMatchObject({ pluginChainPre: null, pluginChainPost: null, pluginChainError: null });
  });

  it('that name what is not there are refused, with what there is', async () => {
    const { send } = await chained();
    const { status, body } = await send('PUT', '/tools/git-status', {
      json: { tags: ['x'], plugin_chain_post: ['latr'] },
    });
    expect(status).toBe(422);
    expect(body.error.message).toBe('pluginChainPost: there is no plugin "latr"; there are first, off, later');
    expect((await send('GET', '/tools/git-status')).body.tags).toEqual([]);
  });

  it('that cannot be run any more say so', async () => {
    const { send, store } = await chained();
    const [row] = await store.tools.all();
    if (row === undefined) throw new Error('no tool');
    await store.tools.update({ ...row, version: row.version + 1, pluginChainPre: ['gone'] });
    const { body } = await send('GET', '/tools/git-status');
    expect(body.pluginChainError).toMatch(/^pluginChainPre: there is no plugin "gone"/);
  });
});
