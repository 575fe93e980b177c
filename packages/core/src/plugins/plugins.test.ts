import { JsonText, NOBODY, ownRequest } from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import type { Call } from '../contracts/interceptor.ts';
import type { Plugin } from '../contracts/plugin.ts';
import { ADMIN, guard as start, type Guarded, said } from './plugins.fixture.ts';
import { pluginStep } from './run-chain.ts';

let guarded: Guarded | undefined;
afterEach(() => guarded?.forge.close());

async function guard(...parts: Parameters<typeof start>): Promise<Guarded> {
  guarded = await start(...parts);
  return guarded;
}

/** Says in the arguments, and in the result, that it was there. */
const mark = (name: string, settings: Partial<Plugin> = {}): Plugin => ({
  name,
  beforeCall: ({ arguments: args }) => ({
    arguments: { seen: [...((args.value as { seen?: string[] }).seen ?? []), name] },
  }),
  afterCall: (_, result) => ({
    result: { content: [{ type: 'text', text: `${said({ era: 'modern', result })} ${name}` }] },
  }),
  ...settings,
});

describe('plugins around a call', () => {
  it('that no chain restricts are around every call, in the order of their priorities', async () => {
    const { call } = await guard([mark('b', { priority: 20 }), mark('a', { priority: 10 })]);
    expect(said(await call('{}'))).toBe('{"seen":["a","b"]} a b');
    expect(said(await call('{}', { name: 'one-other' }))).toBe('{"seen":["a","b"]} a b');
  });

  it('stand where the chains of the tool name them, before those for all, and none of them twice', async () => {
    const chained = ['x', 'y'].map((name) => mark(name, { chainOnly: true, priority: 1 }));
    const { call, set } = await guard([mark('all'), mark('early', { priority: 1 }), ...chained]);
    await set({ pluginChainPre: ['y', 'all', 'x'], pluginChainPost: ['x'] });
    expect(said(await call('{}'))).toBe('{"seen":["y","all","x","early"]} x early all');
    expect(said(await call('{}', { name: 'one-other' }))).toBe('{"seen":["early","all"]} early all');
    await set({ pluginChainPre: [], pluginChainPost: [] });
    expect(said(await call('{}'))).toBe('{"seen":["early","all"]} early all');
  });

  it('share a state of their own from before to after, and see who calls what', async () => {
    const seen: unknown[] = [];
    const { call, forge } = await guard([
      {
        name: 'watch',
        beforeCall({ state, tool, target, principal, arguments: args }) {
          state['at'] = args.text;
          seen.push(tool, target, principal.id);
        },
        afterCall({ state, arguments: args }) {
          seen.push(state['at'], args.text);
        },
      },
    ]);
    const server = await forge.registry.servers.create(ADMIN, { name: 's', tools: ['one-echo'] });
    await call('{"n":12345678901234567890}', { name: 'echo', serverId: server.id });
    expect(seen).toEqual(['echo', 'echo', ADMIN.id, '{"n":12345678901234567890}', '{"n":12345678901234567890}']);
  });

  it('change nothing by what they do to what they are shown', async () => {
    const { call } = await guard([
      { name: 'vandal', beforeCall: ({ arguments: args }) => void ((args.value as { text: string }).text = 'other') },
      { name: 'reader', beforeCall: ({ arguments: args }) => ({ arguments: args.with({ read: args.text }) }) },
    ]);
    expect(said(await call('{"text":"hello"}'))).toBe('{"text":"hello","read":{"text":"hello"}}');
  });

  it('answer in place of the upstream, and what stands after sees the answer', async () => {
    const { call, upstream } = await guard([
      { name: 'cache', beforeCall: () => ({ result: { content: [{ type: 'text', text: 'cached' }] } }) },
      mark('last', { beforeCall: () => undefined }),
    ]);
    const outcome = await call();
    expect(outcome).toMatchObject({ era: 'modern', result: { text: expect.stringContaining('cached last') } });
    expect(outcome.result?.member('resultType')?.value).toBe('complete');
    expect(upstream.calls.filter(({ method }) => method === 'tools/call')).toEqual([]);
  });

  it('deny by an error that says who and why, which is told to the log', async () => {
    const deny = { reason: 'No', description: 'not on Sundays', code: 'SUNDAY', details: { day: 7 } };
    const { call, upstream, events } = await guard([{ name: 'sunday', beforeCall: () => ({ deny }) }]);
    const { error } = await call();
    expect(error).toMatchObject({ code: -32003, message: 'The plugin "sunday" denied the call: No: not on Sundays' });
    expect(error?.data?.value).toEqual({
      plugin: 'sunday',
      hook: 'tool_pre_invoke',
      reason: 'No',
      description: 'not on Sundays',
      pluginCode: 'SUNDAY',
      details: { day: 7 },
    });
    expect(upstream.calls.filter(({ method }) => method === 'tools/call')).toEqual([]);
    expect(events).toMatchObject([{ type: 'denied', plugin: 'sunday', tool: 'echo', message: 'not on Sundays' }]);
  });

  it('make a tool error of a result, which the model reads', async () => {
    const { call } = await guard([{ name: 'judge', afterCall: () => ({ toolError: 'too odd' }) }]);
    const { result } = await call();
    expect(result?.value).toEqual({
      resultType: 'complete',
      content: [{ type: 'text', text: 'too odd' }],
      isError: true,
    });
  });

  it('leave results of a legacy server in their form', async () => {
    const answer = () => ({ era: 'legacy', result: new JsonText('{"content":[],"x":1}') }) as const;
    const { call } = await guard([mark('m', { beforeCall: () => undefined })], {}, { era: 'legacy', answer });
    expect((await call()).result?.text).toBe('{"content":[{"type":"text","text":" m"}]}');
  });

  it('are not asked about errors, nor about what is no result yet', async () => {
    const asked: unknown[] = [];
    const watch: Plugin = { name: 'watch', afterCall: (_, result) => void asked.push(result.text) };
    let next = new JsonText('{"resultType":"input_required","inputRequests":{}}');
    const { call } = await guard([watch], {}, { answer: () => ({ era: 'modern', result: next }) });
    expect((await call()).result?.text).toBe(next.text);
    expect(asked).toEqual([]);
    next = new JsonText('{"resultType":"complete","content":[]}');
    await call();
    expect(asked).toEqual([next.text]);
  });

  it.each([
    '{"resultType":"input_required","inputRequests":{},"content":[{"type":"text","text":"x"}]}',
    '{"structuredContent":{},"resultType":"input_required"}',
    '{"resultType":"complete","inputRequests":{},"resultType":"input_required"}',
  ])('do not let an answer past them that is a question as well: %s', async (text) => {
    const answer = () => ({ era: 'modern', result: new JsonText(text) }) as const;
    const { call } = await guard([mark('m')], {}, { answer });
    expect((await call()).error).toMatchObject({ code: -32603, data: { value: { code: 'upstream_error' } } });
  });

  it('do not let a result past them by way of a task', async () => {
    const tasks = new JsonText('{"extensions":{"io.modelcontextprotocol/tasks":{},"x":{}}}');
    const task = new JsonText('{"resultType":"task","taskId":"1"}');
    const { call, upstream } = await guard([mark('m')], {}, { answer: () => ({ era: 'modern', result: task }) });
    const { error } = await call('{}', { client: { capabilities: tasks } });
    expect(error).toMatchObject({ code: -32603, message: expect.stringContaining('task') });
    expect(upstream.calls.at(-1)?.client.capabilities.value).toEqual({ extensions: { x: {} } });
  });

  it('in a mode other than enforce deny nothing, and in audit change nothing either', async () => {
    const strict = (mode: Plugin['mode']): Plugin => ({
      ...mark(`${mode}`),
      mode,
      beforeCall: () => ({ arguments: { by: mode }, deny: { reason: 'No' } }),
    });
    const plugins = [strict('permissive'), strict('audit'), { ...strict('enforce'), mode: 'disabled' as const }];
    const { call, events } = await guard(plugins);
    expect(said(await call())).toBe('{"by":"permissive"} permissive');
    expect(events.map(({ type, mode }) => [type, mode])).toEqual([
      ['denied', 'permissive'],
      ['denied', 'audit'],
    ]);
  });

  it('count where their conditions fit: a name of the tool, whichever way it is called, and the virtual server', async () => {
    const fit = (name: string, ...conditions: NonNullable<Plugin['conditions']>) =>
      mark(name, { conditions, afterCall: () => undefined });
    const { forge, store } = await guard([]);
    const { id } = await forge.registry.servers.create(ADMIN, { name: 's', tools: ['one-echo', 'one-other'] });
    await forge.close();
    const again = await guard(
      [
        fit('original', { tools: ['echo'] }),
        fit('aggregate', { tools: ['one-echo'] }),
        fit('other', { tools: ['other'] }),
        fit('server', { serverIds: [id], tools: [] }, { serverIds: ['none'] }),
      ],
      { store },
    );
    expect(said(await again.call('{}'))).toBe('{"seen":["original","aggregate"]}');
    const at = { name: 'echo', serverId: id };
    expect(said(await again.call('{}', at))).toBe('{"seen":["original","aggregate","server"]}');
    await again.set({ pluginChainPre: ['other'] });
    expect(said(await again.call('{}'))).toBe('{"seen":["other","original","aggregate"]}');
  });

  it('leave a call without any of them as it is: the very same object, and the very same promise', () => {
    const passed: Call[] = [];
    const promise = new Promise<never>(() => {});
    const step = pluginStep((call) => {
      passed.push(call);
      return promise;
    });
    const call = { request: ownRequest('tools/call'), exchange: NOBODY, principal: ADMIN, chain: undefined } as Call;
    expect(step(call)).toBe(promise);
    expect(passed).toEqual([call]);
    expect(passed[0]).toBe(call);
  });
});
