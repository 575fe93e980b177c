import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectLegacy } from './clients/legacy-client.ts';
import { modernHeaders } from './clients/raw-client.ts';
import { type EventStream, openStream } from './clients/sse-stream.ts';
import { startTasksServer, type TasksServer, WITH_TASKS } from './fixtures/tasks-server.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { freePort, send } from './harness/net.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';
import { BOB, prepareUsers } from './harness/users.ts';

const UNKNOWN = { error: { code: -32602, message: expect.stringMatching(/^Unknown task/) as string } };

const scope = createScope();
let git: TasksServer;
let time: TasksServer;
let gateway: Gateway;
let url: string;
let restart: () => Promise<void>;
beforeEach(async () => {
  [git, time] = [await startTasksServer(scope, 'git'), await startTasksServer(scope, 'time')];
  const options = { dataDir: `${scope.folder()}/data`, port: await freePort() };
  await prepareUsers(options.dataDir);
  gateway = await startGateway(scope, options);
  const ids = [
    await gateway.register({ name: 'git', url: git.url }),
    await gateway.register({ name: 'time', url: time.url }),
  ];
  url = await gateway.compose('both', ids);
  restart = async () => {
    process.kill(gateway.process.pid, 'SIGKILL');
    await gateway.process.exit;
    gateway = await startGateway(scope, options);
  };
});
afterEach(() => scope.end());

type Params = Readonly<Record<string, unknown>>;

function bodyOf(method: string, params: Params, capabilities: object): string {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  };
  return JSON.stringify({ jsonrpc: '2.0', id: 'q', method, params: { ...params, _meta } });
}

/** A client that takes tasks, unless its capabilities say otherwise. */
function clientOf(token: string, capabilities: object = WITH_TASKS) {
  const headersOf = (method: string, name?: unknown) => ({
    ...modernHeaders(method, name as string | undefined),
    authorization: `Bearer ${token}`,
  });
  async function request(method: string, params: Params): Promise<Record<string, Params>> {
    const headers = headersOf(method, params['name'] ?? params['taskId']);
    const { text } = await send(url, { headers, body: bodyOf(method, params, capabilities) });
    return JSON.parse(text) as Record<string, Params>;
  }
  return {
    request,
    get: (taskId: string) => request('tasks/get', { taskId }),
    async work(tool: string): Promise<string> {
      const { result } = await request('tools/call', { name: tool, arguments: {} });
      expect(result).toMatchObject({ resultType: 'task', status: 'working' });
      return result?.['taskId'] as string;
    },
    async listen(...taskIds: string[]): Promise<EventStream> {
      const method = 'subscriptions/listen';
      const body = bodyOf(method, { notifications: { taskIds } }, capabilities);
      const stream = await openStream(scope, url, headersOf(method), body);
      await until('the subscription is acknowledged', () => stream.text.includes('acknowledged'));
      return stream;
    },
  };
}

/** What a stream told of tasks: their ids and states. */
function told({ text }: EventStream): unknown[][] {
  const messages = [...text.matchAll(/^data: ?(\{.*)$/gm)].map(
    ([, data = '']) => JSON.parse(data) as { method: string; params: Params },
  );
  return messages
    .filter(({ method }) => method === 'notifications/tasks')
    .map(({ params }) => [params['taskId'], params['status']]);
}

describe('tasks of two upstreams that give them equal ids', () => {
  it('are each their own, through calls, questions, answers and cancellation', async () => {
    const client = clientOf(gateway.token);
    const [atGit, atTime] = [await client.work('git-work'), await client.work('time-work')];
    const question = { method: 'elicitation/create', params: { message: 'Sure?', mode: 'form' } };
    git.change('1', { status: 'input_required', inputRequests: { sure: question } });
    expect(await client.get(atGit)).toMatchObject({
      result: { taskId: atGit, status: 'input_required', inputRequests: { sure: question } },
    });
    expect(await client.get(atTime)).toMatchObject({ result: { taskId: atTime, status: 'working' } });
    const inputResponses = { sure: { action: 'accept', content: { ok: true } } };
    expect(await client.request('tasks/update', { taskId: atGit, inputResponses })).toMatchObject({
      result: { resultType: 'complete' },
    });
    expect(await client.get(atGit)).toMatchObject({
      result: { status: 'working', statusMessage: JSON.stringify(inputResponses) },
    });
    await client.request('tasks/cancel', { taskId: atTime });
    expect(await client.get(atTime)).toMatchObject({ result: { status: 'cancelled' } });
    expect(await client.get(atGit)).toMatchObject({ result: { status: 'working' } });
  });

  it('belong to who made them', async () => {
    const [admin, bob] = [clientOf(gateway.token), clientOf(await gateway.tokenFor(BOB))];
    const [own, ofBob] = [await admin.work('git-work'), await bob.work('git-work')];
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      expect(await bob.request(method, { taskId: own, inputResponses: {} })).toMatchObject(UNKNOWN);
    }
    expect(await bob.get('1')).toMatchObject(UNKNOWN);
    const stream = await bob.listen(own, ofBob);
    expect(stream.text).toContain(`"taskIds":["${ofBob}"]`);
    await until('the task of Bob is listened to', () => git.listened.includes('2'));
    git.change('1', { status: 'completed' });
    git.change('2', { status: 'failed' });
    await until('Bob is told', () => told(stream).some(([, status]) => status === 'failed'));
    expect(told(stream).map(([id]) => id)).not.toContain(own);
    expect(stream.text).not.toContain('completed');
    expect(await admin.get(own)).toMatchObject({ result: { status: 'completed' } });
    expect(git.received.filter(({ method }) => method === 'tasks/cancel')).toEqual([]);
  });

  it('are told of by the ids that the client knows, also after the upstream stopped to listen', async () => {
    const client = clientOf(gateway.token);
    const [atGit, atTime] = [await client.work('git-work'), await client.work('time-work')];
    const stream = await client.listen(atGit, atTime);
    await until('both are said to be working', () => told(stream).length === 2);
    git.change('1', { status: 'completed', result: { content: [] } });
    await until('the change is told', () => told(stream).length === 3);
    expect(told(stream)[2]).toEqual([atGit, 'completed']);
    time.stopListening();
    await until('nobody listens', () => time.listened.length === 0);
    time.change('1', { status: 'failed' });
    await until('what was missed is told', () => told(stream).length === 4);
    expect(told(stream)[3]).toEqual([atTime, 'failed']);
    expect(time.listened).toEqual(['1']);
  });
});

describe('a gateway that was killed', () => {
  it('knows the tasks of before when it is started again', { timeout: 60_000 }, async () => {
    const bobs = await gateway.tokenFor(BOB);
    const taskId = await clientOf(gateway.token).work('git-work');
    git.change('1', { status: 'input_required', inputRequests: {} });
    await restart();
    const client = clientOf(gateway.token);
    expect(await client.get(taskId)).toMatchObject({ result: { taskId, status: 'input_required' } });
    expect(await clientOf(bobs).get(taskId)).toMatchObject(UNKNOWN);
    const stream = await client.listen(taskId);
    await until('it is listened to', () => git.listened.includes('1'));
    git.change('1', { status: 'completed' });
    await until('its end is told', () => told(stream).some(([, status]) => status === 'completed'));
    expect(told(stream).at(-1)).toEqual([taskId, 'completed']);
  });
});

describe('a client that takes no tasks', () => {
  it('is told which extension it lacks, and the upstream is not told of one', async () => {
    const requiredCapabilities = { extensions: WITH_TASKS.extensions };
    const missing = { error: { code: -32021, data: { requiredCapabilities } } };
    const taskId = await clientOf(gateway.token).work('git-work');
    const without = clientOf(gateway.token, {});
    expect(await without.request('tools/call', { name: 'git-work' })).toMatchObject(missing);
    expect(await without.get(taskId)).toMatchObject(missing);
    const legacy = await connectLegacy(scope, { url, token: gateway.token });
    await expect(legacy.callTool({ name: 'git-work' })).rejects.toMatchObject({
      code: -32602,
      message: expect.stringContaining('io.modelcontextprotocol/tasks') as string,
    });
    const calls = git.received.filter(({ method }) => method === 'tools/call');
    expect(calls.map(({ params }) => JSON.stringify(params).includes('tasks'))).toEqual([true, false, false]);
  });
});
