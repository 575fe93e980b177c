import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Message, type Part, Role, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { type Endpoint, errorOutcome, type Exchange, ForgeError, JsonText } from '@forge/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dataPart, textPart } from '../a2a/parts.ts';
import { type AgentServer, createAgentServer } from './agent-server.ts';

const NAME = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
const TOOLS = [
  { name: 'greet', title: 'Greets', description: 'Says hello', inputSchema: NAME },
  { name: 'add', inputSchema: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] } },
  ...['steps', 'ask', 'ask-by-result', 'long', 'hang', 'broken'].map((name) => ({
    name,
    inputSchema: { type: 'object' },
  })),
];
const FORM = { message: 'How many?', requestedSchema: { properties: { count: { type: 'integer' } } } };

/** What tools were called with, and by whom. */
let calls: { caller: string; method: string; params: Record<string, unknown> }[];
let cancelled = 0;
/** How often a task of the upstream was looked at. */
let looks: number;
/** What such a task says of how often. */
let pollIntervalMs: unknown;

function said(text: string, more: object = {}): JsonText {
  return JsonText.of({ resultType: 'complete', content: [{ type: 'text', text }], ...more });
}

/** What is served as an agent. */
const endpoint: Endpoint = {
  key: 'server-1',
  describe: () => Promise.reject(new Error('not asked')),
  async handle({ method, params, client }, exchange) {
    const given = params?.value as Record<string, unknown>;
    if (method === 'tools/list') return { era: 'modern', result: JsonText.of({ tools: TOOLS }) };
    if (method === 'prompts/list') {
      return {
        era: 'modern',
        result: JsonText.of({ prompts: [{ name: 'review', arguments: [{ name: 'code', required: true }] }] }),
      };
    }
    calls.push({ caller: client.caller.id, method, params: given });
    try {
      return { era: 'modern', result: await answer(method, given, exchange) };
    } catch (error) {
      return errorOutcome(error);
    }
  },
  paramHeaders: () => undefined,
  listen: () => ({ update() {}, close() {} }),
  sessionEnded() {},
};

async function answer(method: string, given: Record<string, unknown>, exchange: Exchange): Promise<JsonText> {
  if (method === 'prompts/get')
    return JsonText.of({ messages: [{ role: 'user', content: { type: 'text', text: 'Review it' } }] });
  if (method === 'tasks/get') return taskState();
  if (method === 'tasks/update') return JsonText.of({ resultType: 'complete' });
  const args = given['arguments'] as { name?: string; a?: number };
  switch (given['name']) {
    case 'greet':
      return said(`Hello ${args.name}`);
    case 'add':
      return said('{"sum":3}', { structuredContent: { sum: 3 } });
    case 'steps':
      for (const message of ['one', 'two'])
        exchange.note('notifications/progress', JsonText.of({ progress: 1, message }));
      return said('done');
    case 'ask': {
      const { result } = await exchange.ask({ method: 'elicitation/create', params: JsonText.of(FORM) });
      return said(JSON.stringify(result?.value));
    }
    case 'ask-by-result': {
      if (given['requestState'] === 'mine') return said(JSON.stringify(given['inputResponses']));
      const inputRequests = { q: { method: 'elicitation/create', params: FORM } };
      return JsonText.of({ resultType: 'input_required', inputRequests, requestState: 'mine' });
    }
    case 'long':
      return JsonText.of({ resultType: 'task', taskId: 't', status: 'working' });
    case 'hang':
      await new Promise<void>((resolve) => exchange.onCancel(() => resolve()));
      cancelled += 1;
      throw new ForgeError('cancelled');
    default:
      throw new ForgeError('upstream_error', 'It is broken');
  }
}

function taskState(): JsonText {
  looks += 1;
  const base = { resultType: 'complete', taskId: 't', pollIntervalMs };
  if (looks === 1) return JsonText.of({ ...base, status: 'working', statusMessage: 'at it' });
  if (looks === 2)
    return JsonText.of({
      ...base,
      status: 'input_required',
      inputRequests: { k: { method: 'elicitation/create', params: FORM } },
    });
  return JsonText.of({ ...base, status: 'completed', result: { content: [{ type: 'text', text: 'finished' }] } });
}

let agents: AgentServer;
let server: Server;
let url: string;
let only: ReadonlySet<string> | undefined;
/** Whether its card may be asked for by A2A. */
let hasCard: boolean;
beforeEach(async () => {
  [calls, cancelled, looks, pollIntervalMs, only, hasCard] = [[], 0, 0, 1, undefined, true];
  agents = createAgentServer({ maxTasks: 20, maxOfOwner: 3, patienceMs: 500 });
  server = createServer((request, response) => {
    void (async () => {
      const caller = { id: request.headers.authorization ?? 'alice' };
      const fields = {
        name: 'Tools',
        description: 'Has tools',
        version: '1',
        url: `${url}/a2a`,
        schemes: ['bearer'] as const,
      };
      const call = { place: 'server-1', endpoint, caller, only, card: hasCard ? fields : undefined };
      const { pathname, searchParams: query } = new URL(request.url ?? '', url);
      const [, path] = /^[/]a2a[/](.+)$/.exec(decodeURIComponent(pathname)) ?? [];
      const { method = '', headers } = request;
      const version = headers['a2a-version'] as string | undefined;
      const text = await new Response(request).text();
      const body = text === '' ? undefined : JsonText.parse(text);
      const answered =
        path !== undefined
          ? await agents.rest(call, { method, path, query, body }, version)
          : body === undefined
            ? Response.json(await agents.card(call, fields))
            : await agents.serve(call, body, version);
      response.writeHead(answered.status, Object.fromEntries(answered.headers));
      for await (const chunk of answered.body ?? new ReadableStream()) response.write(chunk);
      response.end();
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  void agents.close();
  server.closeAllConnections();
  server.close();
});

/** Ways to speak with it. */
type Way = '1.0' | '0.3' | 'HTTP+JSON';

/** The official client; of 0.3, where that is all that the card offers it. */
function connect(version: Way = '1.0', token = 'alice'): Promise<Client> {
  const legacyCompat = { enabled: true };
  const fetchImpl: typeof fetch = async (input, init) => {
    const headers = { ...Object.fromEntries(new Headers(init?.headers)), authorization: token };
    const response = await fetch(input, { ...init, headers });
    if (version !== '0.3' || init?.method === 'POST') return response;
    const { supportedInterfaces: _, ...card } = (await response.json()) as Record<string, unknown>;
    return Response.json(card);
  };
  const transport =
    version === 'HTTP+JSON'
      ? new RestTransportFactory({ fetchImpl })
      : new JsonRpcTransportFactory({ legacyCompat, fetchImpl });
  const cardResolver = new DefaultAgentCardResolver({ legacyCompat, fetchImpl });
  const factory = new ClientFactory({ cardResolver, transports: [transport] });
  return factory.createFromUrl(url);
}

function request(
  parts: Part[],
  more: { taskId?: string; contextId?: string; metadata?: Record<string, unknown>; returnImmediately?: boolean } = {},
) {
  const { taskId = '', contextId = '', metadata, returnImmediately = false } = more;
  const message: Message = {
    messageId: crypto.randomUUID(),
    taskId,
    contextId,
    role: Role.ROLE_USER,
    parts,
    metadata,
    extensions: [],
    referenceTaskIds: [],
  };
  const configuration = { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately };
  return { tenant: '', message, configuration, metadata: undefined };
}

async function send(client: Client, ...args: Parameters<typeof request>): Promise<Task> {
  const answered = await client.sendMessage(request(...args));
  if ('messageId' in answered) throw new Error('a message');
  return answered;
}

const wordsOf = (parts: readonly Part[] = []): string =>
  parts.map(({ content }) => (content?.$case === 'text' ? content.value : JSON.stringify(content?.value))).join('|');
const resultOf = ({ artifacts }: Task): string => wordsOf(artifacts[0]?.parts);
const stateOf = ({ status }: Task): TaskState | undefined => status?.state;
const askedBy = ({ status }: Task): string => wordsOf(status?.message?.parts);

describe.each(['1.0', '0.3', 'HTTP+JSON'] as const)('a virtual server as an agent of %s', (version) => {
  it('has a card with its tools and prompts', async () => {
    const card = await (await connect(version)).getAgentCard();
    expect(card).toMatchObject({ name: 'Tools', description: 'Has tools' });
    expect(card.skills.map(({ id }) => id)).toEqual([...TOOLS.map(({ name }) => name), 'prompt/review']);
    expect(card.supportedInterfaces[0]?.protocolVersion).toMatch(version === '0.3' ? /^0\.3/ : /^1\.0$/);
    expect(JSON.stringify(card.securitySchemes)).toContain('bearer');
  });

  it('has the same card for who asks for it by A2A', async () => {
    const client = await connect(version);
    only = new Set(['greet']);
    expect((await client.getAgentCard()).skills.map(({ id }) => id)).toEqual(['greet']);
  });

  it('calls the tool that a data part names, for who asks', async () => {
    const client = await connect(version, 'bob');
    const task = await send(client, [dataPart({ tool: 'greet', arguments: { name: 'Ann' } })]);
    expect([stateOf(task), resultOf(task)]).toEqual([TaskState.TASK_STATE_COMPLETED, 'Hello Ann']);
    expect(calls).toMatchObject([{ caller: 'bob', params: { name: 'greet', arguments: { name: 'Ann' } } }]);
  });

  it('calls the skill that metadata names, with words where it takes one text', async () => {
    const task = await send(await connect(version), [textPart('Ben')], { metadata: { skillId: 'greet' } });
    expect(resultOf(task)).toBe('Hello Ben');
  });

  it('gives structured results as data, once', async () => {
    const task = await send(await connect(version), [dataPart({ tool: 'add', arguments: { a: 1 } })]);
    expect(task.artifacts[0]?.parts.map(({ content }) => content)).toEqual([{ $case: 'data', value: { sum: 3 } }]);
  });

  it('asks which tool is meant, and how it is called, and then calls it', async () => {
    const client = await connect(version);
    const unclear = await send(client, [textPart('Do something')]);
    expect(stateOf(unclear)).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    expect(askedBy(unclear)).toContain('- greet: Says hello');
    const { id: taskId, contextId } = unclear;
    const closer = await send(client, [dataPart({ tool: 'add' })], { taskId, contextId });
    expect(askedBy(closer)).toContain('"required":["a"]');
    const done = await send(client, [dataPart({ tool: 'add', arguments: { a: 1 } })], { taskId, contextId });
    expect([done.id, stateOf(done)]).toEqual([taskId, TaskState.TASK_STATE_COMPLETED]);
  });

  it.each([
    ['ask', '{"action":"accept","content":{"count":7}}'],
    ['ask-by-result', '{"q":{"action":"accept","content":{"count":7}}}'],
  ])('puts the question of the tool "%s", and brings it the answer', async (tool, result) => {
    const client = await connect(version);
    const asking = await send(client, [dataPart({ tool, arguments: {} })]);
    expect([stateOf(asking), askedBy(asking)]).toEqual([TaskState.TASK_STATE_INPUT_REQUIRED, 'How many?']);
    const { id: taskId, contextId } = asking;
    expect(resultOf(await send(client, [textPart('7')], { taskId, contextId }))).toBe(result);
  });

  it('tells on a stream what happens', async () => {
    const client = await connect(version);
    const events: StreamResponse[] = [];
    for await (const event of client.sendMessageStream(request([dataPart({ tool: 'steps', arguments: {} })])))
      events.push(event);
    const told = events.map(({ payload }) =>
      payload?.$case === 'statusUpdate' ? wordsOf(payload.value.status?.message?.parts) : payload?.$case,
    );
    expect(told).toEqual(['task', '', 'one', 'two', 'artifactUpdate', '']);
  });

  it('cancels the call with its task', async () => {
    const client = await connect(version);
    const { id } = await send(client, [dataPart({ tool: 'hang', arguments: {} })], { returnImmediately: true });
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    expect(stateOf(await client.cancelTask({ tenant: '', id, metadata: undefined }))).toBe(
      TaskState.TASK_STATE_CANCELED,
    );
    await vi.waitFor(() => expect(cancelled).toBe(1));
    expect(stateOf(await client.getTask({ tenant: '', id }))).toBe(TaskState.TASK_STATE_CANCELED);
  });
});

describe('a task', () => {
  it('fails with the words of what went wrong', async () => {
    const task = await send(await connect(), [dataPart({ tool: 'broken', arguments: {} })]);
    expect([stateOf(task), askedBy(task)]).toEqual([TaskState.TASK_STATE_FAILED, 'It is broken']);
  });

  it('gets a prompt as well', async () => {
    const task = await send(await connect(), [textPart('x = 1')], { metadata: { skillId: 'prompt/review' } });
    expect(resultOf(task)).toBe('Review it');
    expect(calls[0]).toMatchObject({ method: 'prompts/get', params: { name: 'review', arguments: { code: 'x = 1' } } });
  });

  it('follows a task of the upstream, with its questions, to its end', async () => {
    const client = await connect();
    const asking = await send(client, [dataPart({ tool: 'long', arguments: {} })]);
    expect(askedBy(asking)).toBe('How many?');
    const done = await send(client, [textPart('2')], { taskId: asking.id });
    expect(resultOf(done)).toBe('finished');
    expect(calls.find(({ method }) => method === 'tasks/update')?.params).toEqual({
      taskId: 't',
      inputResponses: { k: { action: 'accept', content: { count: 2 } } },
    });
  });

  it.each(['soon', null, {}])(
    'is not asked for all the time where the upstream says %j for how often',
    async (says) => {
      pollIntervalMs = says;
      const client = await connect();
      await send(client, [dataPart({ tool: 'long', arguments: {} })], { returnImmediately: true });
      await vi.waitFor(() => expect(looks).toBe(1));
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(looks).toBe(1);
    },
  );

  it('belongs to its caller alone', async () => {
    const [alice, bob] = [await connect('1.0', 'alice'), await connect('1.0', 'bob')];
    const { id } = await send(alice, [dataPart({ tool: 'ask', arguments: {} })]);
    await expect(bob.getTask({ tenant: '', id })).rejects.toThrow(/not found/);
    await expect(bob.cancelTask({ tenant: '', id, metadata: undefined })).rejects.toThrow(/not found/);
    await expect(send(bob, [textPart('9')], { taskId: id })).rejects.toThrow(/not found/);
    expect((await bob.listTasks(LIST)).tasks).toEqual([]);
    expect((await alice.listTasks(LIST)).tasks.map((task) => task.id)).toEqual([id]);
  });

  it('that gets no answer in time goes on without one', async () => {
    const client = await connect();
    const { id } = await send(client, [dataPart({ tool: 'ask', arguments: {} })]);
    await vi.waitFor(
      async () => expect(resultOf(await client.getTask({ tenant: '', id }))).toBe('{"action":"cancel"}'),
      3000,
    );
    await expect(send(client, [textPart('late')], { taskId: id })).rejects.toThrow(/does not wait/);
  });

  it('is refused where there are too many; those that are over make room', async () => {
    const client = await connect();
    for (let at = 0; at < 30; at += 1) await send(client, [dataPart({ tool: 'greet', arguments: { name: 'x' } })]);
    expect((await client.listTasks(LIST)).totalSize).toBe(20);
    for (let at = 0; at < 3; at += 1)
      await send(client, [dataPart({ tool: 'hang', arguments: {} })], { returnImmediately: true });
    await expect(send(client, [dataPart({ tool: 'hang', arguments: {} })])).rejects.toThrow(/too many tasks/);
  });

  it('is listed with as many others as an answer can hold', async () => {
    const client = await connect();
    const padding = 'x'.repeat(3_000_000);
    for (let at = 0; at < 3; at += 1) {
      await send(client, [dataPart({ tool: 'greet', arguments: { name: 'x' } })], { metadata: { padding } });
    }
    const first = await client.listTasks(LIST);
    expect([first.tasks.length, first.totalSize, first.nextPageToken]).toEqual([2, 3, '2']);
    const { tasks, nextPageToken } = await client.listTasks({ ...LIST, pageToken: first.nextPageToken });
    expect([tasks.length, nextPageToken]).toEqual([1, '']);
    const [{ id } = { id: '' }] = tasks;
    expect(first.tasks.map((task) => task.id)).not.toContain(id);
  });

  it('may be left, and subscribed to again', async () => {
    const client = await connect();
    const { id } = await send(client, [dataPart({ tool: 'hang', arguments: {} })], { returnImmediately: true });
    const events = client.resubscribeTask({ tenant: '', id });
    expect((await events.next()).value?.payload?.$case).toBe('task');
    const last = events.next();
    await client.cancelTask({ tenant: '', id, metadata: undefined });
    expect((await last).value?.payload?.value).toMatchObject({ status: { state: TaskState.TASK_STATE_CANCELED } });
  });
});

describe('an agent with some of the tools', () => {
  it('has no others, and no prompts; the only one needs no name', async () => {
    only = new Set(['greet']);
    const client = await connect();
    expect((await client.getAgentCard()).skills.map(({ id }) => id)).toEqual(['greet']);
    expect(resultOf(await send(client, [textPart('Cid')]))).toBe('Hello Cid');
    const other = await send(client, [dataPart({ tool: 'add', arguments: { a: 1 } })]);
    expect(askedBy(other)).toContain('There is no skill "add"');
  });
});

it('answers nonsense, and what it has not, by the errors of A2A', async () => {
  hasCard = false;
  const raw = async (body: string) =>
    ((await (await fetch(url, { method: 'POST', body })).json()) as { error: { code: number } }).error.code;
  expect([await raw('null'), await raw('[]'), await raw('7')]).toEqual([-32600, -32600, -32600]);
  const post = async (method: string, params: object) => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    return ((await (await fetch(url, { method: 'POST', body })).json()) as { error: { code: number } }).error.code;
  };
  expect(await post('Nonsense', {})).toBe(-32601);
  expect(await post('SendMessage', {})).toBe(-32602);
  expect(await post('tasks/get', { id: 'x' })).toBe(-32001);
  expect(await post('CreateTaskPushNotificationConfig', { taskId: 'x', url: 'https://x' })).toBe(-32003);
  expect(await post('GetExtendedAgentCard', {})).toBe(-32004);
  expect(await post('ListTasks', { pageSize: 'many' })).toBe(-32602);
  expect(await post('SubscribeToTask', { id: 'x' })).toBe(-32001);
  expect(await post('tasks/resubscribe', { id: 'x' })).toBe(-32001);
  expect(await post('SendStreamingMessage', { message: { messageId: 'm' } })).toBe(-32602);
});

describe('the HTTP+JSON binding', () => {
  const at = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${url}/a2a/${path}`, { method, headers, ...sent });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  };
  interface Answer {
    readonly error: { readonly code: number; readonly status: string; readonly details: { reason: string }[] };
    readonly tasks: { readonly id: string; readonly artifacts?: unknown }[];
    readonly nextPageToken: string;
  }

  it.each<[string, string, unknown, number, string]>([
    ['GET', 'nonsense', undefined, 404, 'NOT_FOUND'],
    ['GET', 'tasks/x', undefined, 404, 'NOT_FOUND TASK_NOT_FOUND'],
    ['POST', 'tasks/x:cancel', undefined, 404, 'NOT_FOUND TASK_NOT_FOUND'],
    ['GET', 'tasks/x:subscribe', undefined, 404, 'NOT_FOUND TASK_NOT_FOUND'],
    ['POST', 'message:send', {}, 400, 'INVALID_ARGUMENT INVALID_PARAMS'],
    ['POST', 'message:send', [], 400, 'INVALID_ARGUMENT INVALID_PARAMS'],
    ['POST', 'message:stream', { message: 'x' }, 400, 'INVALID_ARGUMENT INVALID_PARAMS'],
    ['GET', 'tasks?pageSize=1e3', undefined, 400, 'INVALID_ARGUMENT INVALID_PARAMS'],
    ['GET', 'tasks?pageSize=101', undefined, 400, 'INVALID_ARGUMENT INVALID_PARAMS'],
    ['GET', 'tasks?status=magic', undefined, 400, 'INVALID_ARGUMENT INVALID_PARAMS'],
    ['GET', 'extendedAgentCard', undefined, 400, 'FAILED_PRECONDITION UNSUPPORTED_OPERATION'],
    [
      'POST',
      'tasks/x/pushNotificationConfigs',
      { url: 'https://x' },
      400,
      'FAILED_PRECONDITION PUSH_NOTIFICATION_NOT_SUPPORTED',
    ],
  ])('answers %s %s %j by the errors of A2A', async (method, path, sent, status, why) => {
    hasCard = false;
    const { body, ...answer } = await at(method, path, sent);
    const { code, status: name, details } = body.error;
    expect([answer.status, code]).toEqual([status, status]);
    expect([name, ...details.map(({ reason }) => reason)].join(' ')).toBe(why);
    expect(answer.headers.get('content-type')).toBe('application/a2a+json');
  });

  it('says which methods there are', async () => {
    const { status, headers } = await at('DELETE', 'tasks');
    expect([status, headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('lists tasks page by page, with artifacts where they are wanted', async () => {
    const client = await connect('HTTP+JSON');
    for (const name of ['a', 'b', 'c']) await send(client, [dataPart({ tool: 'greet', arguments: { name } })]);
    const { body: first } = await at('GET', 'tasks?pageSize=2&status=TASK_STATE_COMPLETED');
    const { body: second } = await at('GET', `tasks?includeArtifacts=true&pageToken=${first.nextPageToken}`);
    expect([first.tasks.length, second.tasks.length, second.nextPageToken]).toEqual([2, 1, '']);
    expect([first.tasks[0]?.artifacts, second.tasks[0]?.artifacts]).toEqual([
      undefined,
      [expect.objectContaining({ parts: [expect.objectContaining({ text: 'Hello a' })] })],
    ]);
  });

  it('is refused a task that is one too many, for a while', async () => {
    const hang = { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ data: { tool: 'hang', arguments: {} } }] } };
    const configuration = { returnImmediately: true };
    for (let n = 0; n < 3; n += 1) await at('POST', 'message:send', { ...hang, configuration });
    const { status, headers, body } = await at('POST', 'message:send', hang);
    expect([status, headers.get('retry-after'), body.error.status]).toEqual([503, '5', 'UNAVAILABLE']);
  });
});

it('speaks the versions that its card offers, and says so to who wants another', async () => {
  const headers = (version: string) => ({ 'a2a-version': version });
  const rest = async (version: string) => (await fetch(`${url}/a2a/tasks`, { headers: headers(version) })).status;
  expect([await rest('1.0'), await rest('1.0.7'), await rest('2.0'), await rest('0.3')]).toEqual([200, 200, 400, 400]);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'ListTasks', params: {} });
  const rpc = async (version: string) =>
    (await fetch(url, { method: 'POST', body, headers: headers(version) })).json() as Promise<object>;
  expect(await rpc('1.0')).toMatchObject({ id: 7, result: { tasks: [] } });
  expect(await rpc('2.0')).toMatchObject({ id: 7, error: { code: -32009 } });
});

const LIST = {
  tenant: '',
  contextId: '',
  status: TaskState.TASK_STATE_UNSPECIFIED,
  pageToken: '',
  statusTimestampAfter: undefined,
};
