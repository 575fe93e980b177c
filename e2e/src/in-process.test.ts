/** Servers of the process that embeds Forge: of either SDK and era, as clients of both eras meet them over HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ConnectServer,
  createForge,
  createMemoryStore,
  createSealer,
  type Forge,
  inProcessAdapter,
  type InProcessTransport,
} from '@forge/core';
import { createMcpListener } from '@forge/transport-http';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { createAskingV2 } from './fixtures/asking-server.ts';
import { createAskingV1 } from './fixtures/asking-v1.ts';
import { startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

const ME = { id: 'me@example.com', admin: true };
const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };
const FORM = { action: 'accept' as const, content: { name: 'Ada' } };
const MODEL = { model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text: 'hello' } };
const ROOTS = { roots: [{ uri: 'file:///home', name: 'home' }] };

const scope = createScope();
afterAll(() => scope.end());

/** The transports that are open, by the name of their server. */
const open = new Map<string, Set<InProcessTransport>>();

/** Remembers what is open, in front of a server. */
function counted(name: string, connect: ConnectServer): ConnectServer {
  const transports = new Set<InProcessTransport>();
  open.set(name, transports);
  return async (transport) => {
    await connect(transport);
    transports.add(transport);
    const { onclose } = transport;
    Object.assign(transport, {
      onclose() {
        transports.delete(transport);
        onclose?.();
      },
    });
  };
}

const SERVERS: Readonly<Record<string, ConnectServer>> = {
  v1: counted('v1', (transport) => createAskingV1().connect(transport)),
  v2: counted('v2', (transport) => void serveStdio(createAskingV2, { transport, legacy: 'reject' })),
};

let forge: Forge;
let port: number;
beforeAll(async () => {
  const adapters = [inProcessAdapter({ servers: SERVERS })];
  forge = await createForge({ store: createMemoryStore(), sealer: createSealer('a secret for tests'), adapters });
  scope.add(forge, () => forge.close());
  const listener = createMcpListener({
    authenticate: () => ME,
    endpoint: (path) => forge.endpoint(path === '/mcp' ? undefined : path.slice(1), ME),
  });
  const http = createServer((req, res) => listener.handle(req, res, req.url ?? '')).listen(0, '127.0.0.1');
  await once(http, 'listening');
  ({ port } = http.address() as AddressInfo);
  scope.add(http, async () => {
    await listener.close();
    http.close();
    http.closeAllConnections();
  });
});

const CLIENTS = {
  'a legacy client': (url: string) =>
    connectLegacy(scope, { url, token: '', capabilities }, (client) => {
      client.setRequestHandler(ElicitRequestSchema, () => FORM);
      client.setRequestHandler(CreateMessageRequestSchema, () => MODEL);
      client.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
    }),
  'a modern client': (url: string) =>
    connectModern(scope, { url, token: '', capabilities }, (client) => {
      client.setRequestHandler('elicitation/create', () => FORM);
      client.setRequestHandler('sampling/createMessage', () => MODEL);
      client.setRequestHandler('roots/list', () => ROOTS);
    }),
};

describe.each([
  ['v1', 'legacy'],
  ['v2', 'modern'],
] as const)('a server of SDK %s in this process', (name, era) => {
  let id: string;
  let url: string;
  beforeAll(async () => {
    ({ id } = await forge.registry.upstreams.create(ME, { name, transport: 'in-process' }));
    const server = await forge.registry.servers.create(ME, { name: `server of ${name}`, upstreams: [id] });
    url = `http://127.0.0.1:${port}/${server.id}`;
  });

  it('is known for what it is', () => {
    expect(forge.pool.status(id)).toMatchObject({ state: 'connected', era, transport: 'in-process' });
  });

  it.each(Object.entries(CLIENTS))('asks %s, by a tool, a prompt and a resource', async (_, connect) => {
    const client = await connect(url);
    expect(JSON.parse(textOf(await client.callTool({ name: 'all' })))).toEqual({
      form: FORM,
      model: MODEL,
      roots: ROOTS,
    });
    const { messages } = await client.getPrompt({ name: 'prompt' });
    expect(messages[0]?.content).toEqual({ type: 'text', text: JSON.stringify({ form: FORM }) });
    const { contents } = await client.readResource({ uri: 'ask://form' });
    expect(contents[0]).toMatchObject({ text: JSON.stringify({ form: FORM }) });
  });

  it('is connected anew when it closes, under clients that go on', async () => {
    const client = await CLIENTS['a modern client'](url);
    for (const transport of open.get(name) ?? []) await transport.close();
    await vi.waitFor(async () => expect(textOf(await client.callTool({ name: 'form' }))).toContain('Ada'));
  });
});

it('leaves no server connected when Forge closes', async () => {
  await forge.close();
  expect([...open.values()].map(({ size }) => size)).toEqual([0, 0]);
});

it('a gateway that has none refuses to register one, whatever its name', async () => {
  const gateway = await startGateway(scope);
  for (const name of ['v1', 'constructor', 'node:fs']) {
    const { status, body } = await gateway.api('POST', '/gateways', { name, transport: 'IN_PROCESS' });
    expect(status).toBe(501);
    expect(JSON.stringify(body)).toContain('no adapter for the transport');
  }
});
