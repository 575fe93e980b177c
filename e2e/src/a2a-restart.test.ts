/** Agents that call Forge go on with their tasks when it is killed and started again, or ask another replica. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Role, type Task, type TaskPushNotificationConfig, TaskState } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, startFixture } from './fixtures/fixture.ts';
import { startTasksServer, type TasksServer } from './fixtures/tasks-server.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { freePort } from './harness/net.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';
import { BOB, prepareUsers } from './harness/users.ts';

const UNKNOWN = 'Whether it was done is unknown';

const scope = createScope();
let tools: Fixture;
let tasks: TasksServer;
let gateway: Gateway;
let serverId: string;
let restart: () => Promise<void>;
/** What the receiver of push notifications was told. */
const told: { token: unknown; body: string }[] = [];
let receiver: string;

beforeAll(async () => {
  [tools, tasks] = [await startFixture(scope, 'modern'), await startTasksServer(scope, 'tasks')];
  const options = { dataDir: `${scope.folder()}/data`, port: await freePort() };
  await prepareUsers(options.dataDir);
  gateway = await startGateway(scope, options);
  const ids = [
    await gateway.register({ name: 'tools', url: tools.url }),
    await gateway.register({ name: 'tasks', url: tasks.url }),
  ];
  const server = { name: 'both', associated_gateways: ids, a2a_enabled: true };
  serverId = ((await gateway.api('POST', '/servers', { server })).body as { id: string }).id;
  restart = async () => {
    process.kill(gateway.process.pid, 'SIGKILL');
    await gateway.process.exit;
    gateway = await startGateway(scope, options);
  };
  receiver = await startReceiver();
}, 60_000);
afterAll(() => scope.end());

async function startReceiver(): Promise<string> {
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    told.push({ token: request.headers['x-a2a-notification-token'], body: await text(request) });
    response.end();
  };
  const server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.add(server, () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

function connect(binding: string, token = gateway.token, at = gateway): Promise<Client> {
  const fetchImpl: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization: `Bearer ${token}` },
    });
  const cardResolver = new DefaultAgentCardResolver({ fetchImpl });
  const Factory = binding === 'JSONRPC' ? JsonRpcTransportFactory : RestTransportFactory;
  const factory = new ClientFactory({ transports: [new Factory({ fetchImpl })], cardResolver });
  return factory.createFromUrl(`${at.url}/servers/${serverId}/.well-known/agent-card.json`, '');
}

/** Does not wait for its end, where it has a receiver. */
async function send(
  client: Client,
  value: object,
  taskPushNotificationConfig?: TaskPushNotificationConfig,
): Promise<Task> {
  const message = {
    messageId: crypto.randomUUID(),
    taskId: '',
    contextId: '',
    role: Role.ROLE_USER,
    parts: [{ content: { $case: 'data' as const, value }, mediaType: '', filename: '', metadata: undefined }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  const returnImmediately = taskPushNotificationConfig !== undefined;
  const configuration = { acceptedOutputModes: [], taskPushNotificationConfig, returnImmediately };
  return (await client.sendMessage({ tenant: '', message, configuration, metadata: undefined })) as Task;
}

const pushed = (token: string): TaskPushNotificationConfig => ({
  tenant: '',
  id: '',
  taskId: '',
  url: receiver,
  token,
  authentication: undefined,
});
const calls = (name: string) => tools.received.filter(({ body }) => body.includes(`"${name}"`)).length;

describe.each(['JSONRPC', 'HTTP+JSON'])('after a kill, by %s', (binding) => {
  it('a task that was over is what it was, for its caller alone', { timeout: 60_000 }, async () => {
    const client = await connect(binding);
    const done = await send(client, { tool: 'tools-echo', arguments: { text: 'kept' } });
    expect(done.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    await restart();
    expect(await client.getTask({ tenant: '', id: done.id })).toEqual(done);
    const bob = await connect(binding, await gateway.tokenFor(BOB));
    await expect(bob.getTask({ tenant: '', id: done.id })).rejects.toThrow(/not found/);
    const database = readFileSync(join(gateway.dataDir, 'forge.db')).toString('latin1');
    const log = readFileSync(join(gateway.dataDir, 'forge.db-wal')).toString('latin1');
    expect(database + log).toContain(done.id);
    expect(database + log).not.toContain('"kept"');
  });

  it(
    'a call that was in flight has failed, what came of it is unknown, and its receiver is told',
    { timeout: 90_000 },
    async () => {
      const client = await connect(binding);
      const before = calls('slow');
      const token = `for-${binding}`;
      const { id } = await send(client, { tool: 'tools-slow', arguments: { ms: 60_000 } }, pushed(token));
      await until('it is called', () => calls('slow') > before);
      await restart();
      const isTold = () => told.some((one) => one.token === token && one.body.includes(UNKNOWN));
      await until('the receiver is told, though nobody asks', isTold, 40_000);
      const { status } = await client.getTask({ tenant: '', id });
      expect(status?.state).toBe(TaskState.TASK_STATE_FAILED);
      expect(JSON.stringify(status)).toContain(UNKNOWN);
      expect(calls('slow')).toBe(before + 1);
    },
  );

  it('a call that its upstream had made a task of goes on', { timeout: 90_000 }, async () => {
    const client = await connect(binding);
    const asked = (method: string) => tasks.received.filter((message) => message.method === method).length;
    const [before, looks] = [asked('tools/call'), asked('tasks/get')];
    const { id } = await send(client, { tool: 'tasks-work' }, pushed('unused'));
    await until('it is followed', () => asked('tasks/get') > looks);
    await restart();
    const result = { content: [{ type: 'text', text: 'worked through it' }] };
    tasks.change(String(before + 1), { status: 'completed', result });
    const over = await until(
      'it is done',
      async () => {
        const task = await client.getTask({ tenant: '', id });
        return task.status?.state === TaskState.TASK_STATE_COMPLETED && task;
      },
      30_000,
    );
    expect(JSON.stringify(over.artifacts)).toContain('worked through it');
    expect(asked('tools/call')).toBe(before + 1);
  });
});

it('another replica knows a task, and leaves it to the one that is at work on it', { timeout: 60_000 }, async () => {
  const other = await startGateway(scope, { dataDir: gateway.dataDir });
  const [here, there] = [await connect('JSONRPC'), await connect('JSONRPC', other.token, other)];
  const before = calls('slow');
  const { id } = await send(here, { tool: 'tools-slow', arguments: { ms: 1500 } }, pushed('unused'));
  await until('it is called', () => calls('slow') > before);
  await expect(there.cancelTask({ tenant: '', id, metadata: undefined })).rejects.toThrow(/Another process is at work/);
  const over = await until('it is over', async () => {
    const task = await there.getTask({ tenant: '', id });
    return task.status?.state === TaskState.TASK_STATE_COMPLETED && task;
  });
  expect(over).toEqual(await here.getTask({ tenant: '', id }));
});
