import { describe, expect, it } from 'vitest';
import { ALICE, HttpClient, MemoryEndpoint, modernPost } from './edge.fixture.ts';
import { JsonText } from './json-text.ts';
import { resultOutcome } from './outcome.ts';
import { declaresTasks, isTask, TASKS_EXTENSION } from './tasks.ts';
import { META } from './versions.ts';

const DECLARED = { extensions: { [TASKS_EXTENSION]: {} } };
const REQUIRED = { code: -32021, data: { requiredCapabilities: DECLARED } };
const TASK = '{"resultType":"task","taskId":"t1","status":"working"}';

/** A client whose server tells of tasks. */
function setUp(): HttpClient {
  const endpoint = new MemoryEndpoint();
  endpoint.description = {
    serverInfo: JsonText.of({ name: 'memory', version: '1' }),
    capabilities: JsonText.of({ tools: { listChanged: true }, ...DECLARED }),
    ttlMs: 0,
    cacheScope: 'private',
  };
  return new HttpClient(endpoint);
}

const declaring = (params: Record<string, unknown>) => ({ ...params, _meta: { [META.clientCapabilities]: DECLARED } });

describe('the extension', () => {
  it.each([
    ['{"extensions":{"io.modelcontextprotocol/tasks":{}}}', true],
    ['{"extensions":{"io.modelcontextprotocol/tasks":null}}', false],
    ['{"extensions":{"io.modelcontextprotocol/ui":{}}}', false],
    ['{"extensions":null}', false],
    ['{"tasks":{}}', false],
    ['{}', false],
  ])('in the capabilities %s is declared: %s', (capabilities, expected) => {
    expect(declaresTasks(new JsonText(capabilities))).toBe(expected);
  });

  it.each([
    ['{"resultType":"task","taskId":"a"}', true],
    [String.raw`{"result\u0054ype":"\u0074ask","taskId":"a"}`, true],
    ['{"resultType":"complete","structuredContent":{"resultType":"task"}}', false],
    ['{"resultType":"complete","content":[{"type":"text","text":"task"}]}', false],
    ['null', false],
    ['"task"', false],
    ['["task"]', false],
  ])('makes of the result %s a task: %s', (result, expected) => {
    expect(isTask(new JsonText(result))).toBe(expected);
    expect(isTask(JsonText.parse(result))).toBe(expected);
  });
});

describe('a call that its server answers by a task', () => {
  it('is answered so, to the character, where the client declared the extension', async () => {
    const client = setUp();
    client.endpoint.handlers.set('tools/call', () => resultOutcome(new JsonText(TASK)));
    const reply = await client.modern('tools/call', declaring({ name: 'a' })).ended();
    expect(reply.body).toBe(`{"jsonrpc":"2.0","id":1,"result":${TASK}}`);
  });

  it('fails for a client that did not, whatever its other requests said', async () => {
    const client = setUp();
    client.endpoint.handlers.set('tools/call', () => resultOutcome(new JsonText(TASK)));
    await client.modern('tools/call', declaring({ name: 'a' })).ended();
    const reply = await client.modern('tools/call', { name: 'a' }).ended();
    expect(reply).toMatchObject({ status: 400, answer: { error: REQUIRED } });
    expect(reply.body).not.toContain('t1');
  });
});

describe('a request about a task', () => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('%s repeats the id in a header', (method) => {
    const client = setUp();
    const request = modernPost(method, declaring({ taskId: 't1' }));
    const other = client.send({ ...request, headers: { ...request.headers, 'mcp-name': 't2' } });
    expect(other).toMatchObject({ status: 400, answer: { error: { code: -32020 } } });
    client.send(request);
    expect(client.endpoint.requests).toMatchObject([{ method, target: 't1' }]);
  });
});

describe('a subscription to tasks', () => {
  const listening = (taskIds: unknown) => declaring({ notifications: { taskIds } });

  it("is acknowledged for the client's own tasks, and passes on what becomes of them", async () => {
    const client = setUp();
    Object.assign(client.endpoint, { ownTasks: async (ids: string[]) => ids.filter((id) => id !== 'of another') });
    const reply = client.modern('subscriptions/listen', listening(['t1', 'of another']), 'sub');
    const [acknowledged] = await reply.hasEvents(1);
    expect(acknowledged).toMatchObject({ params: { notifications: { taskIds: ['t1'] } } });
    expect(client.endpoint.heard[0]).toMatchObject({ client: { caller: ALICE }, updates: [{ taskIds: ['t1'] }] });
    client.endpoint.heard[0]?.listener.note(
      'notifications/tasks',
      new JsonText('{"taskId":"t1","status":"completed"}'),
    );
    expect(reply.parsedEvents[1]).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/tasks',
      params: { taskId: 't1', status: 'completed', _meta: { [META.subscriptionId]: 'sub' } },
    });
  });

  it('leaves tasks out where the server has none', async () => {
    const client = new HttpClient();
    const [acknowledged] = await client.modern('subscriptions/listen', listening(['t1'])).hasEvents(1);
    expect(acknowledged).toMatchObject({ params: { notifications: {} } });
    expect(client.endpoint.heard[0]?.updates).toEqual([{}]);
  });

  it('needs the extension to be declared', async () => {
    const reply = await setUp()
      .modern('subscriptions/listen', { notifications: { taskIds: [] } })
      .ended();
    expect(reply).toMatchObject({ status: 400, answer: { error: REQUIRED } });
  });

  it.each([
    ['no list', 't1'],
    ['no list of strings', [1]],
    ['too long a list', Array(1001).fill('t')],
  ])('that is %s is invalid', async (_what, taskIds) => {
    const reply = await setUp().modern('subscriptions/listen', listening(taskIds)).ended();
    expect(reply).toMatchObject({ status: 400, answer: { error: { code: -32602 } } });
  });
});
