/** Agents behind Forge, and Forge as an agent: the official SDKs of both protocols, and the gateway in between. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Part, Role, type Task, TaskState } from '@a2a-js/sdk';
import {
  type Client as AgentClient,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOf, textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { type A2aAgent, startA2aAgent } from './fixtures/a2a-agent.ts';
import { startModel } from './fixtures/model.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';
import { BOB, prepareUsers } from './harness/users.ts';

const BLUE = { action: 'accept' as const, content: { answer: 'blue' } };

interface Metrics {
  readonly a2aPushNotifications: { readonly delivered: number; readonly failed: number };
}

interface Peer {
  listTools(): Promise<{ tools: { name: string }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
}

const scope = createScope();
let agent: A2aAgent;
let gateway: Gateway;
let serverId: string;
beforeAll(async () => {
  agent = await startA2aAgent(scope);
  const dataDir = `${scope.folder()}/data`;
  await prepareUsers(dataDir);
  gateway = await startGateway(scope, { dataDir });
  const json = { name: 'Painter', endpoint_url: agent.cardUrl, auth_type: 'bearer', auth_token: 'of-the-agent' };
  expect(await gateway.api('POST', '/a2a', { agent: json })).toMatchObject({ status: 201 });
  const made = await gateway.api('POST', '/servers', { server: { name: 'art', associated_a2a_agents: ['Painter'] } });
  serverId = (made.body as { id: string }).id;
}, 60_000);
afterAll(() => scope.end());

describe('an agent behind the gateway', () => {
  it.each<[string, (url: string) => Promise<Peer>]>([
    [
      'legacy',
      (url) =>
        connectLegacy(scope, { url, token: gateway.token, capabilities: { elicitation: {} } }, (client) =>
          client.setRequestHandler(ElicitRequestSchema, () => BLUE),
        ),
    ],
    [
      'modern',
      (url) =>
        connectModern(scope, { url, token: gateway.token, capabilities: { elicitation: {} } }, (client) =>
          client.setRequestHandler('elicitation/create', () => BLUE),
        ),
    ],
  ])('has its skills as tools, and asks the user of a %s client', async (_, connect) => {
    const client = await connect(`${gateway.url}/servers/${serverId}/mcp`);
    expect(namesOf(await client.listTools())).toEqual(['echo', 'paint', 'steps']);
    expect(textOf(await client.callTool({ name: 'echo', arguments: { query: 'hello' } }))).toBe('hello');
    expect(textOf(await client.callTool({ name: 'paint', arguments: { query: 'a house' } }))).toBe('painted it blue');
  });

  it('gets the credentials that were meant for it, and not those of its callers', () => {
    expect(new Set(agent.headers.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer of-the-agent']));
    expect(gateway.process.stdout + gateway.process.stderr).not.toContain('of-the-agent');
  });

  it('is invoked by REST', async () => {
    const { status, body } = await gateway.api('POST', '/a2a/painter/invoke', {
      skill: 'echo',
      parameters: { query: 'hi' },
    });
    expect([status, textOf(body)]).toEqual([200, 'hi']);
    const agents = (await gateway.api('GET', '/a2a')).body as object[];
    expect(agents).toMatchObject([
      { name: 'Painter', reachable: true, tools: ['painter-echo', 'painter-paint', 'painter-steps'] },
    ]);
  });
});

describe('a model as an agent', () => {
  it('gets a token by OAuth, and what it counts is shown', async () => {
    const model = await startModel(scope);
    const oauth_config = { token_url: `${model.url}/token`, client_id: 'forge', client_secret: 'of-the-client' };
    const json = { name: 'Writer', endpoint_url: `${model.url}/v1`, agent_type: 'openai', config: { model: 'm' } };
    const made = await gateway.api('POST', '/a2a', { agent: { ...json, auth_type: 'oauth', oauth_config } });
    expect(made).toMatchObject({ status: 201, body: { authType: 'oauth', oauthConfig: { clientSecret: '*****' } } });
    for (let n = 0; n < 2; n += 1) {
      const { status, body } = await gateway.api('POST', '/a2a/writer/invoke', { parameters: { query: 'hi' } });
      expect([status, textOf(body)]).toEqual([200, 'hi to you']);
    }
    const { body: agent } = await gateway.api('GET', '/a2a/writer');
    expect(agent).toMatchObject({ metrics: { totalExecutions: 2, inputTokens: 18, outputTokens: 6 } });
    const { body: all } = await gateway.api('GET', '/metrics');
    expect(all).toMatchObject({ a2aAgents: { inputTokens: 18, outputTokens: 6 } });
    expect(model.tokens).toBe(1);
    expect(gateway.process.stdout + gateway.process.stderr).not.toContain('of-the-client');
  });
});

const BINDINGS = ['JSONRPC', 'HTTP+JSON'];

/** The official client, at a card of the gateway's. */
function connectAgent(card: string, token: string, binding = 'JSONRPC'): Promise<AgentClient> {
  const fetchImpl: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization: `Bearer ${token}` },
    });
  const cardResolver = new DefaultAgentCardResolver({ fetchImpl });
  const Factory = binding === 'JSONRPC' ? JsonRpcTransportFactory : RestTransportFactory;
  return new ClientFactory({ transports: [new Factory({ fetchImpl })], cardResolver }).createFromUrl(card, '');
}

async function send(client: AgentClient, part: Part['content'], taskId = '', contextId = ''): Promise<Task> {
  const message = {
    messageId: crypto.randomUUID(),
    taskId,
    contextId,
    role: Role.ROLE_USER,
    parts: [{ content: part, mediaType: '', filename: '', metadata: undefined }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  return (await client.sendMessage({ tenant: '', message, configuration: undefined, metadata: undefined })) as Task;
}

const wordsOf = (parts: readonly Part[] = []): string =>
  parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join('');

describe('a virtual server as an agent', () => {
  const cardOf = (id: string): string => `${gateway.url}/servers/${id}/.well-known/agent-card.json`;

  it('is none until that is switched on', async () => {
    await expect(connectAgent(cardOf(serverId), gateway.token)).rejects.toThrow(/404/);
    const rpc = { jsonrpc: '2.0', id: 1, method: 'ListTasks', params: {} };
    expect((await gateway.api('POST', `/servers/${serverId}/a2a`, rpc)).status).toBe(404);
    expect((await gateway.api('PUT', `/servers/${serverId}`, { a2a_enabled: true })).status).toBe(200);
  });

  it('has a card for who may use it, and is called by the official client', async () => {
    const client = await connectAgent(cardOf(serverId), await gateway.tokenFor(BOB));
    const card = await client.getAgentCard();
    expect(card.skills.map(({ id }) => id)).toEqual(['echo', 'paint', 'steps']);
    const done = await send(client, { $case: 'data', value: { tool: 'echo', arguments: { query: 'through' } } });
    expect(wordsOf(done.artifacts[0]?.parts)).toBe('through');
    expect((await fetch(cardOf(serverId))).status).toBe(401);
  });

  it.each(BINDINGS)('passes on what an agent behind it asks, to the agent that called by %s', async (binding) => {
    const client = await connectAgent(cardOf(serverId), gateway.token, binding);
    const asking = await send(client, { $case: 'data', value: { tool: 'paint', arguments: { query: 'a door' } } });
    expect([asking.status?.state, wordsOf(asking.status?.message?.parts)]).toEqual([
      TaskState.TASK_STATE_INPUT_REQUIRED,
      'Which colour?',
    ]);
    const done = await send(client, { $case: 'text', value: 'green' }, asking.id, asking.contextId);
    expect(wordsOf(done.artifacts[0]?.parts)).toBe('painted it green');
    const bob = await connectAgent(cardOf(serverId), await gateway.tokenFor(BOB), binding);
    await expect(bob.getTask({ tenant: '', id: asking.id })).rejects.toThrow(/not found/);
  });

  it.each(BINDINGS)('streams what its tools say on their way by %s', async (binding) => {
    const client = await connectAgent(cardOf(serverId), gateway.token, binding);
    const said: string[] = [];
    const parts = [
      {
        content: { $case: 'data' as const, value: { tool: 'steps' } },
        mediaType: '',
        filename: '',
        metadata: undefined,
      },
    ];
    const message = { ...EMPTY, messageId: 'm', role: Role.ROLE_USER, parts };
    const request = { tenant: '', message, configuration: undefined, metadata: undefined };
    for await (const { payload } of client.sendMessageStream(request)) {
      if (payload?.$case === 'statusUpdate') said.push(wordsOf(payload.value.status?.message?.parts));
    }
    expect(said.filter((words) => words !== '')).toEqual(['one', 'two']);
  });

  it('tells a receiver what happens to a task, and none that must not be called', async () => {
    const told: { headers: IncomingHttpHeaders; event: { statusUpdate?: { status: { state: string } } } }[] = [];
    const take = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
      told.push({ headers: incoming.headers, event: JSON.parse(await text(incoming)) });
      response.end();
    };
    const server = createServer((incoming, response) => void take(incoming, response)).listen(0, '127.0.0.1');
    scope.add(server, () => void server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const client = await connectAgent(cardOf(serverId), gateway.token, 'HTTP+JSON');
    expect((await client.getAgentCard()).capabilities?.pushNotifications).toBe(true);
    const { id: taskId } = await send(client, { $case: 'data', value: { tool: 'paint', arguments: { query: 'x' } } });
    const config = { tenant: '', id: '', taskId, url, token: 'of-the-receiver', authentication: undefined };
    const metadata = { ...config, url: 'http://169.254.169.254/latest' };
    await expect(client.createTaskPushNotificationConfig(metadata)).rejects.toThrow(/must not be called/);
    await client.createTaskPushNotificationConfig(config);
    await send(client, { $case: 'text', value: 'red' }, taskId);
    await until('the last word', () => told.at(-1)?.event.statusUpdate?.status.state === 'TASK_STATE_COMPLETED');
    expect(told[0]?.headers['x-a2a-notification-token']).toBe('of-the-receiver');
    server.closeAllConnections();
    const counts = async () => ((await gateway.api('GET', '/metrics')).body as Metrics).a2aPushNotifications;
    const { delivered, failed } = await until('they are counted', async () => {
      const found = await counts();
      return found.delivered >= told.length && found;
    });
    expect([delivered, failed]).toEqual([told.length, 0]);

    server.removeAllListeners('request');
    server.on('request', (_, response: ServerResponse) => void response.writeHead(401).end());
    const another = await send(client, { $case: 'data', value: { tool: 'paint', arguments: { query: 'x' } } });
    await client.createTaskPushNotificationConfig({ ...config, taskId: another.id, url: `${url}secret-path` });
    await send(client, { $case: 'text', value: 'red' }, another.id);
    await until('failures are counted', async () => (await counts()).failed > 0);
    const lines = gateway.process.stderr.split('\n').filter((line) => line.includes('could not be told'));
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { receiver: url.slice(0, -1), taskId: another.id, reason: 'HTTP 401', attempts: 1 },
    ]);
    expect(lines.join()).not.toMatch(/of-the-receiver|secret-path/);
  });

  it.each(BINDINGS)('keeps nothing of who followed a task by %s, and has gone', async (binding) => {
    const at = `${gateway.url}/servers/${serverId}/a2a`;
    const post = (path: string, body: object, signal?: AbortSignal) => {
      const headers = { authorization: `Bearer ${gateway.token}`, 'content-type': 'application/json' };
      return fetch(`${at}${path}`, { method: 'POST', headers, body: JSON.stringify(body), signal: signal ?? null });
    };
    const parts = [{ data: { tool: 'echo', arguments: { query: 'never' } } }];
    const message = { messageId: 'm', role: 'ROLE_USER', parts };
    const begun = await post('/message:send', { message, configuration: { returnImmediately: true } });
    const { task } = (await begun.json()) as { task: { id: string } };
    const follow = (signal: AbortSignal) => {
      if (binding === 'HTTP+JSON') return post(`/tasks/${task.id}:subscribe`, {}, signal);
      return post('', { jsonrpc: '2.0', id: 1, method: 'SubscribeToTask', params: { id: task.id } }, signal);
    };
    for (let n = 0; n < 80; n += 1) {
      const leaving = new AbortController();
      const { headers, body } = await follow(leaving.signal);
      expect(headers.get('content-type')).toBe('text/event-stream');
      await body?.getReader().read();
      leaving.abort();
    }
    expect((await post(`/tasks/${task.id}:cancel`, {})).status).toBe(200);
  });

  it('stands for one agent at /a2a/{name}/jsonrpc, too', async () => {
    const body = { jsonrpc: '2.0', id: 7, method: 'message/send', params: { message: LEGACY_MESSAGE } };
    const answer = await gateway.api('POST', '/a2a/painter/jsonrpc', body);
    expect(answer).toMatchObject({
      status: 200,
      body: {
        id: 7,
        result: { kind: 'task', status: { state: 'completed' }, artifacts: [{ parts: [{ text: 'old' }] }] },
      },
    });
  });
});

const EMPTY = { taskId: '', contextId: '', metadata: undefined, extensions: [], referenceTaskIds: [] };

/** As 0.3 spells it. */
const LEGACY_MESSAGE = {
  kind: 'message',
  messageId: 'm',
  role: 'user',
  parts: [{ kind: 'data', data: { tool: 'painter-echo', arguments: { query: 'old' } } }],
};
