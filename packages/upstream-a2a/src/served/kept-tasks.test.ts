import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type AgentTaskRecord, createMemoryStore, createSealer, type Sealer, type Store } from '@forge/core';
import { digestOf, type Endpoint, type Exchange, JsonText } from '@forge/protocol';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AgentServer, createAgentServer } from './agent-server.ts';
import type { KeptTasksOptions } from './kept-tasks.ts';

const LEASE_MS = 300;
const [WORKING, COMPLETED, FAILED, CANCELED] = ['WORKING', 'COMPLETED', 'FAILED', 'CANCELED'].map(
  (name) => `TASK_STATE_${name}`,
);

/** What the upstream has heard. */
let heard: { name: string; contextId: unknown }[];
/** Lets calls of `slow` go on. */
let release: () => void;
/** How the upstream's task stands. */
let upstream: { status: string; looks: number };

const endpoint: Endpoint = {
  key: 'server-1',
  describe: () => Promise.reject(new Error('not asked')),
  async handle({ method, params }, exchange) {
    const given = params?.value as { name: string; arguments: { contextId?: string } };
    if (method === 'tools/list') return answered({ tools: TOOLS });
    if (method === 'prompts/list') return answered({ prompts: [] });
    if (method.startsWith('tasks/')) return answered(taskState(method));
    heard.push({ name: given.name, contextId: given.arguments.contextId });
    return answered(await RESULTS[given.name]?.(exchange));
  },
  paramHeaders: () => undefined,
  listen: () => ({ update() {}, close() {} }),
  sessionEnded() {},
};

const answered = (result: unknown) => ({ era: 'modern' as const, result: JsonText.of(result) });
const said = (words: string, more: object = {}) => ({
  resultType: 'complete',
  content: [{ type: 'text', text: words }],
  ...more,
});
const TOOLS = ['greet', 'talk', 'huge', 'slow', 'long'].map((name) => ({
  name,
  inputSchema: { type: 'object', properties: { contextId: { type: 'string' } } },
}));
const RESULTS: Record<string, (exchange: Exchange) => unknown> = {
  greet: () => said('Hello'),
  talk: () => said('Go on', { _meta: { 'forge/a2a': { contextId: 'of-the-upstream' } } }),
  huge: () => said('x'.repeat(300_000)),
  long: () => ({ resultType: 'task', taskId: 'upstream-task', status: 'working' }),
  async slow(exchange) {
    await new Promise<void>((resolve) => {
      release = resolve;
      exchange.onCancel(() => resolve());
    });
    return said('done at last');
  },
};

function taskState(method: string): object {
  if (method === 'tasks/cancel') upstream.status = 'cancelled';
  upstream.looks += 1;
  const { status } = upstream;
  return { resultType: 'complete', taskId: 't', pollIntervalMs: 1, status, result: said('finished') };
}

let store: Store;
let sealer: Sealer;
let servers: AgentServer[];
beforeEach(async () => {
  [heard, upstream, servers] = [[], { status: 'working', looks: 0 }, []];
  store = createMemoryStore();
  sealer = createSealer('secret');
  await store.migrate();
});
afterEach(async () => {
  for (const one of servers) await one.close();
  await store.close();
});

interface Process {
  readonly agents: AgentServer;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers of every method
  rpc(method: string, params: object, caller?: string, place?: string): Promise<any>;
  /** Its id. */
  begin(tool: string, push?: object): Promise<string>;
  /** From now on it does not reach the store: for all others it is dead. */
  kill(): void;
}

/** A process of the gateway: several have one store. */
function start(more: Partial<KeptTasksOptions> = {}): Process {
  let isDead = false;
  const reach: Store['agentTasks'] = new Proxy(store.agentTasks, {
    get: (target, name: keyof Store['agentTasks']) =>
      isDead ? () => Promise.reject(new Error('not reached')) : target[name],
  });
  const push = { refuses: () => false, retryMs: 10 };
  const agents = createAgentServer({ push, kept: { store: reach, sealer, leaseMs: LEASE_MS, ...more } });
  servers.push(agents);
  const rpc: Process['rpc'] = async (method, params, caller = 'alice', place = 'server-1') => {
    const request = JsonText.of({ jsonrpc: '2.0', id: 1, method, params });
    return (await agents.serve({ place, endpoint, caller: { id: caller } }, request)).json();
  };
  return {
    agents,
    rpc,
    async begin(tool, taskPushNotificationConfig) {
      const configuration = { returnImmediately: true, taskPushNotificationConfig };
      const { result, error } = await rpc('SendMessage', { message: messageOf(tool), configuration });
      if (error !== undefined) throw new Error(error.message);
      return result.task.id;
    },
    kill: () => (isDead = true),
  };
}

const messageOf = (tool: string, more: object = {}) => ({
  messageId: 'm',
  role: 'ROLE_USER',
  parts: [{ data: { tool, arguments: {} } }],
  ...more,
});
const send = async ({ rpc }: Process, tool: string, more: object = {}) =>
  (await rpc('SendMessage', { message: messageOf(tool, more) })).result.task;
const get = async ({ rpc }: Process, id: string) => (await rpc('GetTask', { id })).result;
const stateOf = async (process: Process, id: string) => (await get(process, id)).status.state;
const leaseIsUp = () => new Promise((resolve) => setTimeout(resolve, LEASE_MS + 50));

describe('a task that is over', () => {
  it('is the same to another process, for its caller at its place alone', async () => {
    const [one, other] = [start(), start()];
    const task = await send(one, 'greet');
    expect(task).toMatchObject({ status: { state: COMPLETED }, artifacts: [{ parts: [{ text: 'Hello' }] }] });
    expect(await get(other, task.id)).toEqual(await get(one, task.id));
    const notFound = { error: { code: -32001 } };
    expect(await other.rpc('GetTask', { id: task.id }, 'bob')).toMatchObject(notFound);
    expect(await other.rpc('GetTask', { id: task.id }, 'alice', 'server-2')).toMatchObject(notFound);
    expect(await other.rpc('CancelTask', { id: task.id }, 'bob')).toMatchObject(notFound);
    expect((await other.rpc('ListTasks', {}, 'bob')).result).toMatchObject({ tasks: [], totalSize: 0 });
    expect(await other.rpc('CancelTask', { id: task.id })).toMatchObject({ error: { code: -32002 } });
  });

  it('is listed by another process, with those of that process, by conversation and state', async () => {
    const [one, other] = [start(), start()];
    const ids = [];
    for (const tool of ['greet', 'talk', 'greet']) {
      ids.unshift((await send(one, tool, { contextId: tool })).id);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    ids.unshift(await other.begin('slow'));
    const list = async (more: object) => {
      const { result } = await other.rpc('ListTasks', more);
      return [result.tasks.map(({ id }: { id: string }) => id), result.nextPageToken, result.totalSize];
    };
    expect(await list({})).toEqual([ids, '', 4]);
    expect(await list({ pageSize: 3 })).toEqual([ids.slice(0, 3), '3', 4]);
    expect(await list({ pageToken: '3' })).toEqual([ids.slice(3), '', 4]);
    expect(await list({ contextId: 'greet' })).toEqual([[ids[1], ids[3]], '', 2]);
    expect(await list({ status: WORKING })).toEqual([ids.slice(0, 1), '', 1]);
  });

  it('hands its conversation on', async () => {
    await send(start(), 'talk', { contextId: 'c' });
    await send(start(), 'talk', { contextId: 'c' });
    await send(start(), 'talk', { contextId: 'another' });
    expect(heard.map(({ contextId }) => contextId)).toEqual([undefined, 'of-the-upstream', undefined]);
    const tooLong = { message: messageOf('greet', { contextId: 'x'.repeat(1025) }) };
    expect(await start().rpc('SendMessage', tooLong)).toMatchObject({ error: { code: -32602 } });
  });

  it('that is too large is kept without what came of it, and says so', async () => {
    const [one, other] = [start(), start()];
    const { id, artifacts } = await send(one, 'huge');
    expect(artifacts[0].parts[0].text).toHaveLength(300_000);
    const kept = await get(other, id);
    expect([kept.status.state, kept.artifacts]).toEqual([COMPLETED, undefined]);
    expect(kept.status.message.parts[0].text).toContain('more than 262144 characters');
  });

  it('is sealed in the store: it opens for no other owner, and with no other secret', async () => {
    const one = start();
    const { id } = await send(one, 'greet');
    const { items } = await store.agentTasks.list({ ...(await ownerOf()), limit: 9, offset: 0 });
    expect(items).toMatchObject([{ id, state: COMPLETED, leaseUntil: 0 }]);
    expect(JSON.stringify(items)).not.toMatch(/Hello|greet|alice|server-1/);
    const moved = { ...items[0], id: 'moved' } as (typeof items)[0];
    await store.agentTasks.put(moved);
    expect(await one.rpc('GetTask', { id: 'moved' })).toMatchObject({ error: { code: -32001 } });
    expect((await one.rpc('ListTasks', {})).result.tasks).toHaveLength(1);
    const other = start({ sealer: createSealer('another') });
    expect(await other.rpc('GetTask', { id })).toMatchObject({ error: { code: -32001 } });
  });

  it('is pruned where it is one too many of its caller', async () => {
    const one = start({ keepOfCaller: 3 });
    for (let n = 0; n < 110; n += 1) await send(one, 'greet');
    await vi.waitFor(async () => expect((await one.rpc('ListTasks', {})).result.totalSize).toBeLessThan(20));
  });

  it('is answered when the store is away, which is heard', async () => {
    const onError = vi.fn();
    const one = start({ onError });
    const { id } = await send(one, 'greet');
    one.kill();
    expect(await send(one, 'greet')).toMatchObject({ status: { state: COMPLETED } });
    expect(onError).toHaveBeenCalledOnce();
    expect(await stateOf(one, id)).toBe(COMPLETED);
    expect(await one.rpc('GetTask', { id: 'x' })).toMatchObject({
      error: { message: expect.stringContaining('read') },
    });
  });
});

describe('a task that is not over', () => {
  it('is known to another process, which leaves it alone', async () => {
    const [one, other] = [start(), start()];
    const id = await one.begin('slow');
    await vi.waitFor(async () => expect(await stateOf(other, id)).toBe(WORKING));
    await leaseIsUp(); // it is renewed
    expect(await stateOf(other, id)).toBe(WORKING);
    const refusal = { error: { code: -32004, message: expect.stringContaining('Another process is at work') } };
    expect(await other.rpc('CancelTask', { id })).toMatchObject(refusal);
    expect(await other.rpc('SendMessage', { message: messageOf('slow', { taskId: id }) })).toMatchObject(refusal);
    const config = { taskId: id, url: 'https://example.com' };
    expect(await other.rpc('CreateTaskPushNotificationConfig', config)).toMatchObject(refusal);
    release();
    await vi.waitFor(async () => expect(await stateOf(one, id)).toBe(COMPLETED));
    expect(await get(other, id)).toEqual(await get(one, id));
  });

  it('has failed when its process is no more, and what came of it is unknown', async () => {
    const [one, other] = [start(), start()];
    const id = await one.begin('slow');
    one.kill();
    expect(await stateOf(other, id)).toMatch(/SUBMITTED|WORKING/);
    await leaseIsUp();
    const [first, second] = await Promise.all([get(other, id), get(other, id)]);
    expect(first).toMatchObject({ status: { state: FAILED, message: { parts: [{ text: UNKNOWN }] } } });
    expect(second).toEqual(first);
    expect(heard).toHaveLength(1);
    expect(await get(start(), id)).toEqual(first);
  });

  it('that another process has given up is not changed any more by a process that was only slow', async () => {
    const slow = start({ leaseMs: 1_000_000, store: expiring() });
    const id = await slow.begin('slow');
    await vi.waitFor(() => expect(heard).toHaveLength(1));
    const other = start();
    expect(await stateOf(other, id)).toBe(FAILED);
    release();
    await vi.waitFor(async () => expect(await stateOf(slow, id)).toBe(FAILED));
    expect(await stateOf(other, id)).toBe(FAILED);

    const answer = send(slow, 'slow');
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    await vi.waitFor(async () => expect((await other.rpc('ListTasks', {})).result.totalSize).toBe(2));
    release();
    expect(await answer).toMatchObject({ status: { state: FAILED } });
  });

  it('whose upstream made a task of it goes on in another process, for its caller', async () => {
    const one = start();
    const id = await one.begin('long');
    await vi.waitFor(() => expect(upstream.looks).toBeGreaterThan(2));
    await new Promise((resolve) => setTimeout(resolve, 150));
    one.kill();
    await leaseIsUp();
    const other = start();
    expect((await other.rpc('ListTasks', {})).result.tasks).toMatchObject([{ id, status: { state: WORKING } }]);
    upstream.status = 'completed';
    await vi.waitFor(async () => expect(await stateOf(other, id)).toBe(COMPLETED));
    expect(await get(other, id)).toMatchObject({ artifacts: [{ parts: [{ text: 'finished' }] }] });
    expect(heard).toHaveLength(1);
  });

  it('that only its caller can go on with does not wait for ever: its receivers are told', async () => {
    const one = start();
    const [young, old] = [await one.begin('long'), await one.begin('long')];
    await vi.waitFor(() => expect(upstream.looks).toBeGreaterThan(2));
    await new Promise((resolve) => setTimeout(resolve, 150));
    one.kill();
    await leaseIsUp();
    const owner = await ownerOf();
    const record = await store.agentTasks.get(owner.owner, old);
    await store.agentTasks.put({ ...(record as AgentTaskRecord), createdAt: Date.now() - 3_700_000 });
    await start().rpc('GetTask', { id: 'x' }, 'bob');
    const stored = async (id: string) => (await store.agentTasks.get(owner.owner, id))?.state;
    await vi.waitFor(async () => expect(await stored(old)).toBe(FAILED));
    expect(await stored(young)).toBe(WORKING);
  });

  it('is left to the next process at once when its own ends in order, and is not cancelled at its upstream', async () => {
    const one = start();
    const id = await one.begin('long');
    await vi.waitFor(() => expect(upstream.looks).toBeGreaterThan(0));
    await one.agents.close();
    const looks = upstream.looks;
    const other = start();
    expect(await stateOf(other, id)).toBe(WORKING);
    await vi.waitFor(() => expect(upstream.looks).toBeGreaterThan(looks + 1));
    await other.rpc('CancelTask', { id });
    await vi.waitFor(() => expect(upstream.status).toBe('cancelled'));
    expect(await stateOf(start(), id)).toBe(CANCELED);
  });

  it('is cancelled when its process ends in order, where nobody can go on with it', async () => {
    const one = start();
    const id = await one.begin('slow');
    await one.agents.close();
    expect(await stateOf(start(), id)).toBe(CANCELED);
  });
});

describe('push notifications', () => {
  const receive = async () => {
    const told: { headers: IncomingHttpHeaders; body: string }[] = [];
    const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      told.push({ headers: request.headers, body: await text(request) });
      response.end();
    };
    const server = createServer((request, response) => void take(request, response));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told };
  };

  it('are sent by another process when that of their task is no more, with the secrets that were sealed', async () => {
    const { url, told } = await receive();
    const one = start();
    const authentication = { scheme: 'Bearer', credentials: 'of-the-receiver' };
    const id = await one.begin('slow', { url, token: 'mine', authentication });
    await vi.waitFor(() => expect(told).toHaveLength(1));
    const { items } = await store.agentTasks.list({ ...(await ownerOf()), limit: 1, offset: 0 });
    expect(JSON.stringify(items)).not.toMatch(/of-the-receiver|mine|127\.0\.0\.1/);
    one.kill();
    await leaseIsUp();
    await start().rpc('GetTask', { id: 'x' }, 'bob'); // whatever it is asked first
    await vi.waitFor(() => expect(told).toHaveLength(2));
    expect(told[1]?.headers).toMatchObject({
      authorization: 'Bearer of-the-receiver',
      'x-a2a-notification-token': 'mine',
    });
    expect(told[1]?.body).toContain(FAILED);
    const kept = await start().rpc('ListTaskPushNotificationConfigs', { taskId: id });
    expect(kept.result.configs).toMatchObject([{ id, url, authentication: { scheme: 'Bearer' } }]);
    expect(JSON.stringify(kept)).not.toContain('of-the-receiver');
  });

  it('are set and deleted for whichever process comes next', async () => {
    const one = start();
    const { id: taskId } = await send(one, 'greet');
    const set = (process: Process, id: string) =>
      process.rpc('CreateTaskPushNotificationConfig', { taskId, id, url: 'https://example.com' });
    const idsAt = async (process: Process) => {
      const { result } = await process.rpc('ListTaskPushNotificationConfigs', { taskId });
      return result.configs.map(({ id }: { id: string }) => id);
    };
    await set(one, 'a');
    const other = start();
    await set(other, 'b');
    await other.rpc('DeleteTaskPushNotificationConfig', { taskId, id: 'a' });
    expect(await idsAt(other)).toEqual(['b']);
    expect(await idsAt(start())).toEqual(['b']);
  });
});

const UNKNOWN = 'The gateway was stopped while it was at work on this task. Whether it was done is unknown.';

async function ownerOf(): Promise<{ owner: string }> {
  return { owner: await digestOf([JSON.stringify(['server-1', 'alice'])]) };
}

/** Leases that are up as soon as they are written, as they are for a process that stands still. */
function expiring(): Store['agentTasks'] {
  const { put } = store.agentTasks;
  return { ...store.agentTasks, put: (task) => put({ ...task, leaseUntil: task.leaseUntil === 0 ? 0 : 1 }) };
}
