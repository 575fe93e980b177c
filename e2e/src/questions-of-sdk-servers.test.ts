/** A server that asks, a client that answers, each of either SDK and era, and Forge in between. */
import { fileURLToPath } from 'node:url';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { connectSocket } from './clients/web-socket.ts';
import { startAskingSocket, startAskingV1, startAskingV2 } from './fixtures/asking-server.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

const STDIO = fileURLToPath(new URL('fixtures/asking-v1.ts', import.meta.url));
const capabilities = { elicitation: { form: {} }, sampling: {}, roots: {} };

const FORM = { action: 'accept' as const, content: { name: 'Ada' } };
const MODEL = { model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text: 'hello' } };
const ROOTS = { roots: [{ uri: 'file:///home', name: 'home' }] };

interface Peer {
  callTool(params: { name: string }): Promise<unknown>;
  getPrompt(params: { name: string }): Promise<{ messages: { content: unknown }[] }>;
  readResource(params: { uri: string }): Promise<{ contents: object[] }>;
}

const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope);
});
afterAll(() => scope.end());

function answering(client: ClientV1): void {
  client.setRequestHandler(ElicitRequestSchema, () => FORM);
  client.setRequestHandler(CreateMessageRequestSchema, () => MODEL);
  client.setRequestHandler(ListRootsRequestSchema, () => ROOTS);
}

const CLIENTS: Readonly<Record<string, (url: string) => Promise<Peer>>> = {
  'a legacy client': (url) => connectLegacy(scope, { url, token: gateway.token, capabilities }, answering),
  async 'a legacy client over HTTP+SSE'(url) {
    const client = new ClientV1({ name: 'sse-client', version: '1.0.0' }, { capabilities });
    answering(client);
    const requestInit = { headers: { Authorization: `Bearer ${gateway.token}` } };
    const eventSourceInit = {
      fetch: (to: string | URL, init?: RequestInit) =>
        fetch(to, { ...init, headers: { ...(init?.headers as object), ...requestInit.headers } }),
    };
    await client.connect(new SSEClientTransport(new URL(url.replace(/mcp$/, 'sse')), { requestInit, eventSourceInit }));
    return scope.add(client, () => client.close());
  },
  'a legacy client over WebSocket': (url) =>
    connectSocket(scope, { url, token: gateway.token, capabilities }, answering),
  'a modern client': (url) =>
    connectModern(scope, { url, token: gateway.token, capabilities }, (client) => {
      client.setRequestHandler('elicitation/create', () => FORM);
      client.setRequestHandler('sampling/createMessage', () => MODEL);
      client.setRequestHandler('roots/list', () => ROOTS);
    }),
};

describe.each<[string, () => Promise<object>]>([
  ['SDK v1 over HTTP', async () => ({ url: await startAskingV1(scope) })],
  ['SDK v1 on stdio', async () => ({ command: process.execPath, args: [STDIO] })],
  ['SDK v1 over WebSocket', async () => ({ url: await startAskingSocket(scope) })],
  ['SDK v2, modern,', async () => ({ url: await startAskingV2(scope) })],
])('a server of %s', (name, open) => {
  let url: string;
  beforeAll(async () => {
    url = await gateway.compose(name, [await gateway.register({ name, ...(await open()) })]);
  });

  describe.each(Object.keys(CLIENTS))('asks %s', (kind) => {
    let client: Peer;
    beforeAll(async () => {
      const connect = CLIENTS[kind];
      if (connect === undefined) throw new Error(kind);
      client = await connect(url);
    });

    it('for everything at once, by a tool', async () => {
      const said: unknown = JSON.parse(textOf(await client.callTool({ name: 'all' })));
      expect(said).toEqual({ form: FORM, model: MODEL, roots: ROOTS });
    });

    it('by a prompt', async () => {
      const { messages } = await client.getPrompt({ name: 'prompt' });
      expect(messages[0]?.content).toEqual({ type: 'text', text: JSON.stringify({ form: FORM }) });
    });

    it('by a resource', async () => {
      const { contents } = await client.readResource({ uri: 'ask://form' });
      expect(contents[0]).toMatchObject({ text: JSON.stringify({ form: FORM }) });
    });
  });
});
