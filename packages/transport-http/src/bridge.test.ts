/** Questions across the eras over real connections, where either side may go away at any time. */
import { once } from 'node:events';
import { createHttpEdge, createRelay, JsonText, META } from '@forge/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpUpstream } from './client/http-upstream.ts';
import {
  event,
  events,
  type Hit,
  inSession,
  json,
  legacyServer,
  modernServer,
  type TestServer,
} from './client/server.fixture.ts';
import { started } from './client/upstream.fixture.ts';
import { listen, raw, rawRequest, readUntil } from './server/listening.fixture.ts';
import { createMcpListener } from './server/mcp-listener.ts';

type Message = Record<string, unknown> & { readonly result: Record<string, unknown> };

/** A listener in front of the server; everything ends with the test. */
async function inFrontOf(server: TestServer) {
  const clientInfo = new JsonText('{"name":"forge","version":"0"}');
  const relay = createRelay((heard) => httpUpstream({ url: server.url, events: heard, clientInfo }), { key: 'bridge' });
  const listener = createMcpListener({
    authenticate: ({ headers }) => ({ id: headers.authorization ?? 'nobody' }),
    endpoint: () => relay,
    edge: createHttpEdge({ streams: { resumeMs: 50 } }),
    closeGraceMs: 100,
  });
  const { server: http, port, url } = await listen((req, res) => listener.handle(req, res, '/mcp'));
  onTestFinished(async () => {
    await listener.close();
    await relay.upstream.close();
    http.closeAllConnections();
    http.close();
    await once(http, 'close');
  });
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  return { port, url, headers };
}

/** A modern `tools/call`. */
function toolCall(id: number, more: object = {}, capabilities: object = { elicitation: {} }) {
  const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: capabilities };
  return {
    method: 'POST' as const,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 't',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 't', ...more, _meta } }),
  };
}

/** A legacy server that asks for a form, on the stream of each call, before it does anything. */
async function askingLegacy() {
  const server = await started(legacyServer());
  server.handlers.set(
    'tools/call',
    inSession(server, (hit) => {
      events(hit);
      event(hit, { id: `ask-${hit.message.id}`, method: 'elicitation/create', params: { message: 'Name?' } });
    }),
  );
  return server;
}

const finish = (hit: Hit, text: string): void => {
  event(hit, { id: hit.message.id, result: { content: [{ type: 'text', text }] } });
  hit.response.end();
};

describe('a modern client of a legacy server', () => {
  async function parked() {
    const server = await askingLegacy();
    const { url, port } = await inFrontOf(server);
    const send = async (post: ReturnType<typeof toolCall>, authorization = 'alice') => {
      const answer = await fetch(url, { ...post, headers: { ...post.headers, authorization } });
      return { status: answer.status, message: (await answer.json()) as Message };
    };
    const first = await rawRequest(
      port,
      raw({ ...toolCall(1), headers: { ...toolCall(1).headers, authorization: 'alice' } }),
    );
    const text = await readUntil(first, '"requestState"');
    const { result } = JSON.parse(text.slice(text.indexOf('{'))) as Message;
    const again = (id: number) =>
      toolCall(id, { requestState: result['requestState'], inputResponses: { in_0: { action: 'accept' } } });
    return { server, port, send, first, again, call: await server.got('tools/call') };
  }

  it('may close the connection of its first request, and brings the answer on another', async () => {
    const { server, send, first, again, call } = await parked();
    first.destroy();
    await once(first, 'close');
    server.handlers.set('answer', (hit) => {
      hit.response.writeHead(202).end();
      finish(call, JSON.stringify(hit.message.result));
    });
    const { status, message } = await send(again(2));
    expect({ status, message }).toMatchObject({ status: 200, message: { id: 2, result: { resultType: 'complete' } } });
    expect(message.result['content']).toEqual([{ type: 'text', text: '{"action":"accept"}' }]);
    expect(server.of('notifications/cancelled')).toEqual([]);
  });

  it('is the only one who can', async () => {
    const { server, send, again } = await parked();
    const { message } = await send(again(2), 'bob');
    expect(message).toMatchObject({ id: 2, error: { code: -32602 } });
    expect(
      server.hits.filter(({ message: { method, result } }) => method === undefined && result !== undefined),
    ).toEqual([]);
  });

  it('cancels the call when it closes the request that waits for its end', async () => {
    const { server, port, again, call } = await parked();
    const post = again(2);
    const answered = new Promise<void>((resolve) => {
      server.handlers.set('answer', ({ response }) => void response.writeHead(202).end(resolve));
    });
    const second = await rawRequest(port, raw({ ...post, headers: { ...post.headers, authorization: 'alice' } }));
    await answered;
    second.destroy();
    const { message } = await server.got('notifications/cancelled');
    expect(message.params).toMatchObject({ requestId: call.message.id });
  });

  it('is told when the server went away meanwhile', async () => {
    const { send, again, call } = await parked();
    call.response.destroy();
    const { message } = await send(again(2));
    expect(message).toMatchObject({ id: 2, error: { code: -32603, data: { code: 'outcome_unknown' } } });
  });
});

describe('a legacy client of a modern server', () => {
  it('that disconnects while it is asked, and stays away, leaves no question and no call behind', async () => {
    const server = await started(modernServer());
    const form = { method: 'elicitation/create', params: { message: 'Name?' } };
    const input = { resultType: 'input_required', inputRequests: { n: form }, requestState: 's' };
    server.handlers.set('tools/call', (hit) => {
      const isRetry = hit.message.params?.['requestState'] === 's';
      json(hit, { result: isRetry ? { resultType: 'complete', content: [] } : input });
    });
    const { url, port, headers } = await inFrontOf(server);
    const params = {
      protocolVersion: '2025-11-25',
      capabilities: { elicitation: {} },
      clientInfo: { name: 'c', version: '1' },
    };
    const opening = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const opened = await fetch(url, { method: 'POST', headers, body: opening });
    await opened.text();
    const session = { ...headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 't' } });
    const socket = await rawRequest(port, raw({ method: 'POST', headers: session, body }));
    expect(await readUntil(socket, 'elicitation/create')).toContain('text/event-stream');
    socket.destroy();
    const retry = await server.got('tools/call', 2);
    expect(retry.message.params).toMatchObject({ requestState: 's', inputResponses: { n: { action: 'cancel' } } });
  });
});
