import { type Exchange, NOBODY } from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import type { Plugin } from '../contracts/plugin.ts';
import { retryCalls } from '../pipeline/retry-calls.ts';
import { observeCalls } from '../pipeline/observe.ts';
import { ADMIN, guard as start, type Guarded, said } from './plugins.fixture.ts';

let guarded: Guarded | undefined;
afterEach(() => guarded?.forge.close());

async function guard(...parts: Parameters<typeof start>): Promise<Guarded> {
  guarded = await start(...parts);
  return guarded;
}

const throwing = (settings: Partial<Plugin> = {}): Plugin => ({
  name: 'bad',
  beforeCall() {
    throw new Error('the password is hunter2');
  },
  ...settings,
});

describe('a plugin that fails', () => {
  it('stops the call, and says why to the log only', async () => {
    const { call, upstream, events } = await guard([throwing()]);
    const { error } = await call();
    expect(error).toMatchObject({
      code: -32603,
      message: 'The plugin "bad" failed, and the call must not go on without it',
    });
    expect(error?.data?.value).toMatchObject({ code: 'plugin_failed', plugin: 'bad', hook: 'tool_pre_invoke' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
    expect(upstream.calls.filter(({ method }) => method === 'tools/call')).toEqual([]);
    expect(events).toMatchObject([{ type: 'failed', onError: 'fail', message: 'the password is hunter2' }]);
  });

  it('is passed over where that is wanted, or where it could deny nothing anyway', async () => {
    for (const settings of [{ onError: 'ignore' }, { mode: 'permissive' }, { mode: 'audit' }] as const) {
      const { call, forge, events } = await guard([throwing(settings)]);
      expect(said(await call())).toBe('{"text":"hello"}');
      expect(events).toMatchObject([{ type: 'failed', onError: 'ignore' }]);
      expect(forge.plugins.list()).toMatchObject([{ name: 'bad', enabled: true }]);
      await forge.close();
    }
  });

  it('is asked once and never again where it is to be disabled, and the list says why', async () => {
    const { call, forge, events } = await guard([throwing({ onError: 'disable' })]);
    for (const _ of [1, 2]) expect(said(await call())).toBe('{"text":"hello"}');
    expect(events).toHaveLength(1);
    expect(forge.plugins.list()).toMatchObject([{ enabled: false, error: 'the password is hunter2' }]);
  });

  it('by hanging is told so after its time, and what it waits for is aborted', async () => {
    let aborted = false;
    const { call, events } = await guard([
      {
        name: 'slow',
        timeoutMs: 20,
        afterCall: ({ signal }) =>
          new Promise((_, reject) => {
            signal.addEventListener('abort', () => {
              aborted = true;
              reject(new Error('late'));
            });
          }),
      },
    ]);
    expect(said(await call())).toContain('"slow" failed');
    expect(events).toMatchObject([{ hook: 'tool_post_invoke', message: 'it did not answer within 20 ms' }]);
    expect(aborted).toBe(true);
  });

  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  it.each([
    ['a text', 'yes', /returned a string/],
    ['a misspelt decision', { denied: true }, /"denied", which is none of arguments, headers, result, deny/],
    ['arguments that are a list', { arguments: [] }, /arguments is no object/],
    ['arguments that are no JSON', { arguments: cyclic }, /circular/],
    ['arguments that vanish', { arguments: () => 1 }, /not valid JSON/],
    ['a denial without a reason', { deny: {} }, /no reason/],
    ['a result without content', { result: { text: 'x' } }, /no content/],
    ['content that is none', { result: { content: [null] } }, /no content/],
    ['a task', { result: { resultType: 'task', content: [] } }, /not complete/],
    ['a header with a line break', { headers: { 'x-a': 'b\r\nc: d' } }, /"x-a" has a value/],
    ['a header with a bad name', { headers: { 'x a': 'b' } }, /not the name of a header/],
    ['a credential', { headers: { Authorization: 'Bearer x' } }, /"Authorization" is one that plugins do not set/],
  ])('by returning %s stops the call', async (_, verdict, message) => {
    const { call, events } = await guard([{ name: 'odd', beforeCall: () => verdict as never }]);
    expect(said(await call())).toContain('"odd" failed');
    expect(events).toMatchObject([{ type: 'failed', message: expect.stringMatching(message) }]);
  });

  it('after the call keeps the result from its caller', async () => {
    const { call } = await guard([{ name: 'odd', afterCall: () => ({ result: { content: 1 } }) }]);
    const { result, error } = await call('{"text":"secret"}');
    expect(result).toBeUndefined();
    expect(JSON.stringify(error)).not.toContain('secret');
  });
});

describe('a call with plugins', () => {
  it('is refused while a chain names a plugin that is not there any more, or is disabled', async () => {
    const first = await guard([throwing({ name: 'guard' })]);
    await first.set({ pluginChainPre: ['guard'] });
    await first.forge.close();
    const disabled = throwing({ name: 'guard', mode: 'disabled' });
    for (const [plugins, why] of [
      [[], 'pluginChainPre: there is no plugin "guard"; this Forge has no plugins'],
      [[disabled], 'pluginChainPre: the plugin "guard" is disabled'],
      [[{ name: 'guard', afterCall: () => undefined }], 'the plugin "guard" has no hook tool_pre_invoke'],
    ] as const) {
      const { call, upstream, forge } = await guard(plugins, { store: first.store });
      expect(said(await call())).toContain(why);
      expect(upstream.calls.filter(({ method }) => method === 'tools/call')).toEqual([]);
      expect(said(await call('{}', { name: 'one-other' }))).toBe('{}');
      const tool = await forge.registry.tools.get(ADMIN, 'one-echo');
      expect(forge.plugins.problem(tool)).toContain(why);
      // What is not touched can be sent back.
      await forge.registry.tools.update(ADMIN, 'one-echo', { pluginChainPre: ['guard'], tags: ['x'] });
      await forge.close();
    }
  });

  it('asks them once, however often it is made again', async () => {
    let asked = 0;
    let attempts = 0;
    const { call, upstream } = await guard([{ name: 'count', beforeCall: () => void (asked += 1) }], {
      innerInterceptors: [
        retryCalls({ retries: 2, withinMs: 5000, isRepeatable: () => true, pauseMs: 1 }),
        (next) => (one) => {
          attempts += 1;
          return next(one);
        },
      ],
    });
    upstream.down = true;
    await call();
    expect([asked, attempts]).toEqual([1, 3]);
  });

  it('that is cancelled meanwhile is not made', async () => {
    let cancel: (reason: string | undefined) => void = () => {};
    const onCancel: Exchange['onCancel'] = (listener) => void (cancel = listener);
    const exchange = { ...NOBODY, cancelled: false, onCancel };
    const { call, upstream } = await guard([
      {
        name: 'slow',
        beforeCall: ({ signal }) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined))),
      },
    ]);
    const outcome = call('{}', { exchange });
    exchange.cancelled = true;
    cancel(undefined);
    expect((await outcome).error?.code).toBe(-32800);
    expect(upstream.calls.filter(({ method }) => method === 'tools/call')).toEqual([]);
  });

  it('that was denied is one in the audit trail, too', async () => {
    const seen: string[] = [];
    const { call } = await guard([{ name: 'no', beforeCall: () => ({ deny: { reason: 'No' } }) }], {
      interceptors: [observeCalls([({ summary }) => seen.push(summary)])],
    });
    await call();
    expect(seen).toEqual(['denied']);
  });

  it('with arguments that are no object is refused before any is asked', async () => {
    const { call } = await guard([throwing()]);
    expect((await call('[]')).error?.code).toBe(-32602);
  });
});

describe('chains', () => {
  it('name plugins that there are, once each, and for what they do', async () => {
    const plugins = [throwing({ name: 'pre' }), throwing({ name: 'off', mode: 'disabled' })];
    const { set } = await guard(plugins);
    const refused = (chains: object) => set(chains).then(String, (error: Error) => error.message);
    expect(await refused({ pluginChainPre: ['prex'] })).toBe(
      'pluginChainPre: there is no plugin "prex"; there are pre, off',
    );
    expect(await refused({ pluginChainPost: ['pre'] })).toBe(
      'pluginChainPost: the plugin "pre" has no hook tool_post_invoke',
    );
    expect(await refused({ pluginChainPre: ['pre', 'pre'] })).toBe('pluginChainPre: "pre" stands twice');
    expect(await refused({ pluginChainPre: ['off'] })).toBe('pluginChainPre: the plugin "off" is disabled');
    expect(await refused({ pluginChainPre: Array.from({ length: 101 }, String) })).toContain('at most 100');
  });

  it('of a new upstream are there with its tools, or nothing is', async () => {
    const { forge, upstream } = await guard([throwing({ name: 'pre' })]);
    const create = (pluginChainPre: string[]) =>
      forge.registry.upstreams.create(ADMIN, { name: 'two', url: 'http://one/mcp' }, { chains: { pluginChainPre } });
    const connects = upstream.connects;
    await expect(create(['gone'])).rejects.toMatchObject({ code: 'validation_failed' });
    expect(upstream.connects).toBe(connects);
    await create(['pre']);
    expect(await forge.registry.tools.get(ADMIN, 'two-echo')).toMatchObject({ pluginChainPre: ['pre'] });
  });
});
