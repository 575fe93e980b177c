import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createAddressPolicy } from '@forge/core';
import { type Endpoint, type Exchange, ForgeError, JsonText } from '@forge/protocol';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type AgentServer, createAgentServer } from './agent-server.ts';
import type { PushOptions } from './push-notifications.ts';
import type { PushOutcome } from './push-target.ts';

/** Lets calls of `steps` go on. */
let release: () => void;
const endpoint: Endpoint = {
  key: 'server-1',
  describe: () => Promise.reject(new Error('not asked')),
  async handle({ method, params }, exchange) {
    if (method === 'tools/list') {
      const tools = ['steps', 'hang', 'ask'].map((name) => ({ name, inputSchema: { type: 'object' } }));
      return { era: 'modern', result: JsonText.of({ tools }) };
    }
    if (method === 'prompts/list') return { era: 'modern', result: JsonText.of({ prompts: [] }) };
    const name = params?.member('name')?.value;
    if (name === 'ask') return { era: 'modern', result: await askAgain(exchange) };
    return { era: 'modern', result: await (name === 'hang' ? hang(exchange) : steps(exchange)) };
  },
  paramHeaders: () => undefined,
  listen: () => ({ update() {}, close() {} }),
  sessionEnded() {},
};

async function steps(exchange: Exchange): Promise<JsonText> {
  await new Promise<void>((resolve) => {
    release = resolve;
  });
  for (let step = 1; step <= 1000; step += 1) {
    exchange.note('notifications/progress', JsonText.of({ progress: step, message: `step ${step}` }));
  }
  return JsonText.of({ resultType: 'complete', content: [{ type: 'text', text: 'done' }] });
}

async function askAgain(exchange: Exchange): Promise<JsonText> {
  for (let n = 0; n < 100 && !exchange.cancelled; n += 1) {
    await exchange.ask({ method: 'elicitation/create', params: JsonText.of({ message: `${n}` }) });
  }
  throw new ForgeError('cancelled');
}

async function hang(exchange: Exchange): Promise<JsonText> {
  await new Promise<void>((resolve) => exchange.onCancel(() => resolve()));
  throw new ForgeError('cancelled');
}

interface Told {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- events of either version
  readonly event: any;
}

/** Takes notifications; answers as it is told to. */
async function receive(answer = (response: ServerResponse, _count: number): void => void response.end()) {
  const told: Told[] = [];
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    told.push({ headers: request.headers, path: request.url ?? '', event: JSON.parse(await text(request)) });
    answer(response, told.length);
  };
  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

let agents: AgentServer;
/** What became of events. */
let outcomes: PushOutcome[];
const open = (push: Partial<PushOptions> = {}): void => {
  outcomes = [];
  const onOutcome = (outcome: PushOutcome): void => void outcomes.push(outcome);
  agents = createAgentServer({ push: { refuses: () => false, onOutcome, retryMs: 10, timeoutMs: 300, ...push } });
};
beforeEach(() => open());
afterEach(() => agents.close());

// oxlint-disable-next-line typescript/no-explicit-any -- answers of every method
async function rpc(method: string, params: object, caller = 'alice'): Promise<any> {
  const request = JsonText.of({ jsonrpc: '2.0', id: 1, method, params });
  const answer = await agents.serve({ place: 'server-1', endpoint, caller: { id: caller } }, request);
  return answer.json();
}

const messageOf = (tool: string) => ({ messageId: 'm', role: 'ROLE_USER', parts: [{ data: { tool, arguments: {} } }] });

async function begin(tool: string, taskPushNotificationConfig?: object): Promise<string> {
  const configuration = { returnImmediately: true, taskPushNotificationConfig };
  const { result, error } = await rpc('SendMessage', { message: messageOf(tool), configuration });
  if (error !== undefined) throw new Error(error.message);
  return result.task.id;
}

const stateOf = ({ event }: Told): unknown => event.statusUpdate?.status.state ?? Object.keys(event)[0];
const set = (taskId: string, config: object, caller?: string) =>
  rpc('CreateTaskPushNotificationConfig', { taskId, ...config }, caller);

describe('an agent that wants to be told of its task', () => {
  it('is told in order, in the words of 1.0, with its token and its credentials', async () => {
    const { url, told } = await receive();
    const authentication = { scheme: 'Bearer', credentials: 'of-the-receiver' };
    await begin('steps', { url: `${url}/hook?x=1`, token: 'mine', authentication });
    await vi.waitFor(() => expect(told).toHaveLength(1));
    release();
    await vi.waitFor(() => expect(told.at(-1)?.event).toMatchObject({ statusUpdate: { status: { state: DONE } } }));
    const [first] = told;
    expect(first?.headers).toMatchObject({
      'content-type': 'application/a2a+json',
      'x-a2a-notification-token': 'mine',
      authorization: 'Bearer of-the-receiver',
    });
    expect(first?.path).toBe('/hook?x=1');
    expect(told.slice(-2).map(stateOf)).toEqual(['artifactUpdate', DONE]);
    // A thousand steps that nobody could read in time are told by the last ones.
    expect(told.length).toBeLessThan(10);
    expect(JSON.stringify(told)).toContain('step 1000');
    await vi.waitFor(() => expect(outcomes).toHaveLength(told.length));
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['delivered']));
  });

  it('is told in the words of 0.3 where it has asked in these', async () => {
    const { url, told } = await receive();
    const message = {
      kind: 'message',
      messageId: 'm',
      role: 'user',
      parts: [{ kind: 'data', data: { tool: 'steps', arguments: {} } }],
    };
    const configuration = { blocking: false, pushNotificationConfig: { url, token: 'mine' } };
    expect((await rpc('message/send', { message, configuration })).result.kind).toBe('task');
    await vi.waitFor(() => expect(told).toHaveLength(1));
    release();
    await vi.waitFor(() =>
      expect(told.at(-1)?.event).toMatchObject({ kind: 'status-update', final: true, status: { state: 'completed' } }),
    );
  });

  it('sets, reads, lists and deletes what it wants; credentials are not told back', async () => {
    const { url, told } = await receive();
    const id = await begin('hang');
    const authentication = { scheme: 'Basic', credentials: 'c2VjcmV0' };
    const made = await set(id, { id: 'one', url, authentication });
    expect(made.result).toMatchObject({ id: 'one', taskId: id, url: `${url}/`, authentication: { scheme: 'Basic' } });
    await set(id, { url: `${url}/two` });
    const list = await rpc('ListTaskPushNotificationConfigs', { taskId: id });
    expect(list.result.configs.map((config: { id: string }) => config.id)).toEqual(['one', id]);
    const read = await rpc('GetTaskPushNotificationConfig', { taskId: id, id: 'one' });
    expect(read.result).toMatchObject({ url: `${url}/` });
    expect(JSON.stringify([made, list, read])).not.toContain('c2VjcmV0');
    const legacy = await rpc('tasks/pushNotificationConfig/get', { id });
    expect(legacy.result).toMatchObject({ taskId: id, pushNotificationConfig: { url: `${url}/two` } });
    expect((await rpc('DeleteTaskPushNotificationConfig', { taskId: id, id: 'one' })).error).toBeUndefined();
    expect((await rpc('GetTaskPushNotificationConfig', { taskId: id, id: 'one' })).error.code).toBe(-32001);
    await rpc('CancelTask', { id });
    await vi.waitFor(() => expect(told.map(({ path }) => path)).toEqual(['/two']));
  });

  it('has nothing to do with tasks of others', async () => {
    const { url, told } = await receive();
    const id = await begin('hang');
    expect((await set(id, { url }, 'bob')).error.code).toBe(-32001);
    expect((await rpc('ListTaskPushNotificationConfigs', { taskId: id }, 'bob')).error.code).toBe(-32001);
    await rpc('CancelTask', { id });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told).toEqual([]);
  });
});

describe('a receiver', () => {
  it.each<[string, (response: ServerResponse) => void]>([
    ['is out of order', (response) => response.writeHead(503).end()],
    ['hangs up', (response) => response.destroy()],
    ['hangs', () => {}],
    ['has too much to do', (response) => response.writeHead(429).end()],
  ])('that %s is told again, later', async (_, fail) => {
    const { url, told } = await receive((response, count) => (count < 3 ? fail(response) : void response.end()));
    const id = await begin('hang', { url });
    await vi.waitFor(() => expect(told).toHaveLength(3), 3000);
    expect(new Set(told.map(stateOf))).toEqual(new Set(['TASK_STATE_WORKING']));
    await rpc('CancelTask', { id });
    await vi.waitFor(() => expect(told.map(stateOf).at(-1)).toBe('TASK_STATE_CANCELED'));
    await vi.waitFor(() => expect(outcomes.map(({ outcome }) => outcome)).toEqual(['delivered', 'delivered']));
  });

  it('that never recovers is given up, event by event, and that is heard without what is secret', async () => {
    const { url, told } = await receive((response) => void response.writeHead(500).end());
    const id = await begin('hang', { url: `${url}/secret-path?key=secret`, token: 'secret' });
    await vi.waitFor(() => expect(told).toHaveLength(4), 5000);
    await rpc('CancelTask', { id });
    await vi.waitFor(() => expect(told).toHaveLength(8), 5000);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(told).toHaveLength(8);
    const failed = { outcome: 'failed', receiver: url, taskId: id, reason: 'HTTP 500', attempts: 4 };
    expect(outcomes).toEqual([failed, failed]);
  });

  it('that cannot be reached is given up, for a reason', async () => {
    const { url } = await receive();
    await begin('hang', { url: url.replace(/\d+$/, '1') });
    await vi.waitFor(() => expect(outcomes).toMatchObject([{ outcome: 'failed', attempts: 4 }]), 3000);
    expect(outcomes[0]?.reason).toMatch(/cannot be reached: (ECONNREFUSED|bad port)/);
  });

  it('that takes events too slowly loses the oldest ones, which is heard', async () => {
    const { url, told } = await receive((response, count) => (count === 1 ? undefined : void response.end()));
    const id = await begin('ask', { url });
    await vi.waitFor(() => expect(told).toHaveLength(1));
    for (let n = 0; n < 40; n += 1) {
      await vi.waitFor(async () => expect((await rpc('GetTask', { id })).result.status.state).toBe(ASKING));
      await rpc('SendMessage', { message: { ...messageOf('ask'), taskId: id }, configuration: NOT_WAITING });
    }
    expect(outcomes.filter(({ outcome }) => outcome === 'dropped').length).toBeGreaterThan(5);
  });

  it.each([
    ['refuses', 'HTTP 403', (response: ServerResponse) => void response.writeHead(403).end()],
    [
      'redirects to a metadata address',
      expect.stringContaining('redirect') as string,
      (response: ServerResponse) => void response.writeHead(307, { location: 'http://169.254.169.254/' }).end(),
    ],
  ])('that %s is not told again', async (_, reason, answer) => {
    const { url, told } = await receive(answer);
    const id = await begin('hang', { url });
    await vi.waitFor(() => expect(told).toHaveLength(1));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(told).toHaveLength(1);
    await rpc('CancelTask', { id });
    await vi.waitFor(() => expect(told).toHaveLength(2));
    await vi.waitFor(() => expect(outcomes).toHaveLength(2));
    expect(outcomes).toMatchObject([0, 1].map(() => ({ outcome: 'failed', reason, attempts: 1 })));
  });

  it('whose answer has no end keeps nobody else waiting', async () => {
    const flood = (response: ServerResponse): void => {
      while (response.write('x'.repeat(10_000)) && !response.closed);
      response.once('drain', () => flood(response));
    };
    const [endless, good] = [await receive(flood), await receive()];
    await begin('hang', { url: endless.url });
    const id = await begin('hang', { url: good.url });
    await rpc('CancelTask', { id });
    await vi.waitFor(() => expect(good.told.map(stateOf).at(-1)).toBe('TASK_STATE_CANCELED'));
    expect(endless.told).toHaveLength(1);
  });
});

describe('a config is refused', () => {
  const policy = createAddressPolicy({ allowLoopback: false, allowPrivate: false });
  const refuses = (host: string): boolean => policy.refusal(host) !== undefined;
  beforeEach(() => {
    void agents.close();
    open({ refuses });
  });

  it.each([
    [{ url: 'http://127.0.0.1:1/' }, 'url: leads to a host that must not be called'],
    [{ url: 'http://[::ffff:127.0.0.1]/' }, 'url: leads to a host that must not be called'],
    [{ url: 'http://2130706433/' }, 'url: leads to a host that must not be called'],
    [{ url: 'http://169.254.169.254/latest' }, 'url: leads to a host that must not be called'],
    [{ url: 'http://metadata.google.internal/' }, 'url: leads to a host that must not be called'],
    [{ url: 'http://10.0.0.7/' }, 'url: leads to a host that must not be called'],
    [{ url: 'file:///etc/passwd' }, 'url: must begin with http:// or https://'],
    [{ url: 'http://me:x@example.com/' }, 'url: must not hold a user name'],
    [{ url: `https://example.com/${'x'.repeat(10_000)}` }, 'url: must have at most'],
    [{ url: '' }, 'url: is not an absolute URL'],
    [{ url: 'https://example.com', token: 'x'.repeat(100_000) }, 'token: must have at most 4096'],
    [{ url: 'https://example.com', token: 'a\r\nX-Admin: 1' }, 'token: has characters that a header cannot carry'],
    [{ url: 'https://example.com', id: 'x'.repeat(1000) }, 'id: must have at most 256'],
    [
      { url: 'https://example.com', authentication: { scheme: 'Bearer\r\nX: 1', credentials: 'x' } },
      'authentication.scheme: is no scheme',
    ],
    [
      { url: 'https://example.com', authentication: { scheme: 'Bearer', credentials: 'x\n' } },
      'authentication.credentials: has characters',
    ],
  ])('(%#)', async (config, why) => {
    const taskId = await begin('hang');
    expect((await set(taskId, config)).error).toMatchObject({ code: -32602, message: expect.stringContaining(why) });
    await expect(begin('hang', config)).rejects.toThrow(why);
    expect((await rpc('ListTasks', {})).result.totalSize).toBe(1);
  });

  it('where it is one too many', async () => {
    const taskId = await begin('hang');
    for (let n = 0; n < 5; n += 1) await set(taskId, { id: `${n}`, url: 'https://example.com' });
    expect((await set(taskId, { id: '0', url: 'https://example.com/again' })).error).toBeUndefined();
    expect((await set(taskId, { id: '5', url: 'https://example.com' })).error.message).toContain('at most 5');
  });

  it('and a name that leads to this machine all the same is not called', async () => {
    const { url, told } = await receive();
    const taskId = await begin('hang', { url: url.replace('127.0.0.1', 'localhost') });
    await rpc('CancelTask', { id: taskId });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(told).toEqual([]);
  });
});

const ASKING = 'TASK_STATE_INPUT_REQUIRED';
const NOT_WAITING = { returnImmediately: true };
const DONE = 'TASK_STATE_COMPLETED';
