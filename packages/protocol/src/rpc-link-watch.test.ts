import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Script,
  ScriptedServer,
  testClient,
  TestEvents,
  TestExchange,
  type WireMessage,
} from './channel-upstream.fixture.ts';
import { createChannelUpstream } from './channel-upstream.ts';
import { JsonText } from './json-text.ts';
import { createRelay } from './relay.ts';
import { TASKS_EXTENSION } from './tasks.ts';
import { META } from './versions.ts';

const DECLARED = { extensions: { [TASKS_EXTENSION]: {} } };
const clientInfo = new JsonText('{"name":"forge","version":"0"}');

const ACKNOWLEDGING: Script = ({ id, params }, connection) => {
  const notifications = params?.['notifications'];
  connection.send({
    method: 'notifications/subscriptions/acknowledged',
    params: { notifications, _meta: { [META.subscriptionId]: id } },
  });
  return undefined;
};

/** A server with tasks, each of which is `working` whenever it is asked. */
function setUp() {
  const server = new ScriptedServer('modern', { tools: { listChanged: true }, ...DECLARED });
  server.scripts.set('subscriptions/listen', ACKNOWLEDGING);
  server.scripts.set('tasks/get', ({ params }) => ({
    result: { resultType: 'complete', taskId: params?.['taskId'], status: 'working', _meta: {} },
  }));
  const events = new TestEvents();
  const upstream = createChannelUpstream({ open: server.open, transport: 'test', events, clientInfo });
  const watch = (...taskIds: string[]) => upstream.watch(new Set(), new Set(taskIds));
  return { server, events, upstream, watch };
}

/** What was listened to, by filter, in its order. */
function filters(server: ScriptedServer): unknown[] {
  return listens(server).map(({ params }) => params?.['notifications']);
}

function listens(server: ScriptedServer): WireMessage[] {
  return server.connections.flatMap(({ received }) =>
    received.filter(({ method }) => method === 'subscriptions/listen'),
  );
}

const settled = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(resolve, value));
const working = (taskId: string) => `${taskId} {"taskId":"${taskId}","status":"working"}`;

afterEach(() => {
  vi.useRealTimers();
});

describe('watched resources', () => {
  const resources = { subscribe: true };
  const state = async (told: PromiseLike<unknown> | undefined) =>
    Promise.race([told?.then(() => 'told'), settled('open')]);

  it('are told of by a modern server when it has acknowledged that', async () => {
    const server = new ScriptedServer('modern', { resources });
    server.scripts.set('subscriptions/listen', () => undefined);
    const upstream = createChannelUpstream({
      open: server.open,
      transport: 'test',
      events: new TestEvents(),
      clientInfo,
    });
    expect(upstream.watch(new Set(['a:1']))).toBeUndefined(); // it is not connected
    await upstream.connect();
    await vi.waitFor(() => expect(listens(server)).toHaveLength(1));
    const told = upstream.watch(new Set(['a:1']));
    expect(await state(told)).toBe('open');
    ACKNOWLEDGING({ id: listens(server)[0]?.id ?? '' }, server.newest);
    expect(await told).toBeUndefined();
  });

  it('are not waited for when a modern server refuses, or when it goes', async () => {
    const server = new ScriptedServer('modern', { resources });
    server.scripts.set('subscriptions/listen', ({ params }) =>
      JSON.stringify(params).includes('a:1') ? { error: { code: -32603, message: 'no' } } : undefined,
    );
    const upstream = createChannelUpstream({
      open: server.open,
      transport: 'test',
      events: new TestEvents(),
      clientInfo,
    });
    await upstream.connect();
    await upstream.watch(new Set(['a:1']));
    const told = upstream.watch(new Set(['a:2']));
    server.newest.die();
    await told;
  });

  it('are told of by a legacy server when it has answered, be it that it does not', async () => {
    const server = new ScriptedServer('legacy', { resources });
    server.scripts.set('resources/subscribe', ({ id, params }) =>
      params?.['uri'] === 'a:1' ? { error: { code: -32602, message: `no ${id}` } } : undefined,
    );
    const upstream = createChannelUpstream({
      open: server.open,
      transport: 'test',
      events: new TestEvents(),
      clientInfo,
    });
    await upstream.connect();
    await upstream.watch(new Set(['a:1']));
    const told = upstream.watch(new Set(['a:1', 'a:2']));
    expect(await state(told)).toBe('open');
    const again = upstream.watch(new Set(['a:1', 'a:2']));
    server.newest.send({ id: server.newest.last('resources/subscribe')?.id, result: {} });
    await Promise.all([told, again]);
  });
});

describe('watched tasks', () => {
  it('have a stream of their own, for which the extension is declared, and say at once how they stand', async () => {
    const { server, events, upstream, watch } = setUp();
    watch('t1');
    await upstream.connect();
    await vi.waitFor(() => expect(events.log).toEqual([working('t1')]));
    expect(filters(server)).toEqual([{ toolsListChanged: true }, { taskIds: ['t1'] }]);
    expect(listens(server)[1]?.params?.['_meta']).toMatchObject({ [META.clientCapabilities]: DECLARED });
    server.newest.send({ method: 'notifications/tasks', params: { taskId: 't1', status: 'completed' } });
    await vi.waitFor(() => expect(events.log[1]).toBe('t1 {"taskId":"t1","status":"completed"}'));
  });

  it('come and go while the stream before is kept until a moment after the next one is acknowledged', async () => {
    const { server, events, upstream, watch } = setUp();
    watch('t1');
    await upstream.connect();
    await vi.waitFor(() => expect(events.log).toHaveLength(1));
    server.scripts.set('subscriptions/listen', () => undefined);
    watch('t1', 't2');
    await vi.waitFor(() => expect(listens(server)).toHaveLength(3));
    expect(server.newest.last('notifications/cancelled')).toBeUndefined();
    const { id } = listens(server)[2] ?? {};
    ACKNOWLEDGING({ id: id ?? '' }, server.newest);
    await vi.waitFor(() => expect(events.log).toEqual([working('t1'), working('t2')]));
    const cancelled = () => server.newest.last('notifications/cancelled')?.params;
    expect(cancelled()).toBeUndefined(); // what was sent on it ahead of the acknowledgement may be on its way
    await vi.waitFor(() => expect(cancelled()).toMatchObject({ requestId: listens(server)[1]?.id }), 5000);
    watch();
    await vi.waitFor(() =>
      expect(server.newest.last('notifications/cancelled')?.params).toMatchObject({ requestId: id }),
    );
  });

  it('that the upstream refuses to tell of leave the tasks before and the lists as they are', async () => {
    const { server, events, upstream, watch } = setUp();
    watch('t1');
    await upstream.connect();
    await vi.waitFor(() => expect(events.log).toHaveLength(1));
    server.scripts.set('subscriptions/listen', () => ({ error: { code: -32602, message: 'Unknown task' } }));
    watch('t1', 'gone');
    await vi.waitFor(() => expect(listens(server)).toHaveLength(3));
    server.newest.send({ method: 'notifications/tools/list_changed' });
    server.newest.send({ method: 'notifications/tasks', params: { taskId: 't1', status: 'failed' } });
    await vi.waitFor(() => expect(events.log).toHaveLength(3));
    expect(server.newest.last('notifications/cancelled')).toBeUndefined();
  });

  it('are asked for again, all of them, when the upstream has stopped to listen', async () => {
    vi.useFakeTimers();
    const { server, events, upstream, watch } = setUp();
    watch('t1', 't2');
    await upstream.connect();
    await vi.waitFor(() => expect(events.log).toEqual([working('t1'), working('t2')]));
    server.newest.send({ id: listens(server)[1]?.id, result: { resultType: 'complete' } });
    await vi.advanceTimersByTimeAsync(1100);
    expect(filters(server).slice(2)).toEqual([{ taskIds: ['t1', 't2'] }]);
    await vi.waitFor(() => expect(events.log.slice(2)).toEqual([working('t1'), working('t2')]));
  });

  it('are watched after a reconnect', async () => {
    const { server, events, upstream, watch } = setUp();
    watch('t1');
    await upstream.connect();
    await vi.waitFor(() => expect(events.log).toHaveLength(1));
    server.newest.die();
    await upstream.connect();
    await vi.waitFor(() => expect(events.log).toEqual([working('t1'), 'lost: it died', working('t1')]));
  });

  it('are nothing to a server without the extension', async () => {
    const server = new ScriptedServer('modern', { tools: { listChanged: true } });
    server.scripts.set('subscriptions/listen', ACKNOWLEDGING);
    const events = new TestEvents();
    const upstream = createChannelUpstream({ open: server.open, transport: 'test', events, clientInfo });
    upstream.watch(new Set(), new Set(['t1']));
    await upstream.connect();
    await vi.waitFor(() => expect(listens(server)).toHaveLength(1));
    await upstream.call({ method: 'tools/list', params: undefined, client: testClient() }, new TestExchange());
    expect(filters(server)).toEqual([{ toolsListChanged: true }]);
  });
});

it('a relay tells of tasks who listens to them', async () => {
  const { server } = setUp();
  const relay = createRelay(
    (events) => createChannelUpstream({ open: server.open, transport: 'test', events, clientInfo }),
    { key: 'test' },
  );
  await relay.describe({ id: 'alice' });
  const heard: string[] = [];
  const listen = (...taskIds: string[]) =>
    relay.listen(testClient(), { taskIds }, { note: (method, params) => void heard.push(`${method} ${params?.text}`) });
  const one = listen('t1');
  listen('t2');
  await vi.waitFor(() => expect(heard).toHaveLength(2));
  server.newest.send({ method: 'notifications/tasks', params: { taskId: 't1', status: 'completed' } });
  await vi.waitFor(() => expect(heard[2]).toBe('notifications/tasks {"taskId":"t1","status":"completed"}'));
  one.close();
  await vi.waitFor(() => expect(filters(server).at(-1)).toEqual({ taskIds: ['t2'] }));
  expect(heard).toHaveLength(3);
});
