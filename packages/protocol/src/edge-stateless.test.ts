import { describe, expect, it } from 'vitest';
import { createStatelessEdge } from './edge-stateless.ts';
import type { Endpoint } from './endpoint.ts';
import { JsonText } from './json-text.ts';
import type { Reply } from './reply.ts';

const asked: (string | undefined)[] = [];
const endpoint: Endpoint = {
  key: 'k',
  describe: () => ({
    serverInfo: JsonText.of({ name: 's', version: '1' }),
    capabilities: JsonText.of({ tools: {} }),
    ttlMs: 0,
    cacheScope: 'private',
  }),
  async handle({ client }, exchange) {
    asked.push(client.sessionId);
    const { error } = await exchange.ask({ method: 'roots/list', params: undefined });
    return { era: 'legacy', result: JsonText.of({ tools: [], refused: error?.message }) };
  },
  paramHeaders: () => undefined,
  listen: () => ({ update() {}, close() {} }),
  sessionEnded() {},
};

interface Answered {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string> | undefined;
}

function send(method: 'post' | 'get' | 'delete', body: object | undefined, headers: Record<string, string> = {}) {
  return new Promise<Answered>((resolve) => {
    const reply: Reply = {
      json: (status, text, headers) => resolve({ status, body: JSON.parse(text), headers }),
      empty: (status, headers) => resolve({ status, headers }),
      open() {},
      event() {},
      end() {},
      onClose() {},
    };
    const accept = 'application/json, text/event-stream';
    const text = body === undefined ? '' : JSON.stringify({ jsonrpc: '2.0', ...body });
    edge[method](endpoint, { headers: { accept, ...headers }, body: text, caller: { id: 'a' } }, reply);
  });
}

const edge = createStatelessEdge();

describe('without sessions', () => {
  it('initialize is answered, and no session begins', async () => {
    const params = { protocolVersion: '2025-06-18', capabilities: { roots: {} } };
    const { status, body, headers } = await send('post', { id: 1, method: 'initialize', params });
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 1, result: { protocolVersion: '2025-06-18', serverInfo: { name: 's' } } });
    expect(headers?.['Mcp-Session-Id']).toBeUndefined();
    expect(edge.sessions).toBe(0);
  });

  it('a request stands for itself, asks nobody, and is told apart from every other', async () => {
    asked.length = 0;
    for (const id of [1, 1]) {
      const { body } = await send('post', { id, method: 'tools/list' }, { 'mcp-session-id': 'any' });
      expect(body).toMatchObject({ id, result: { refused: 'The client did not declare the capability "roots"' } });
    }
    expect(new Set(asked).size).toBe(2);
  });

  it('ping is answered, and notifications are accepted', async () => {
    expect(await send('post', { id: 'p', method: 'ping' })).toMatchObject({
      status: 200,
      body: { id: 'p', result: {} },
    });
    expect(await send('post', { method: 'notifications/initialized' })).toMatchObject({ status: 202 });
  });

  it('GET and DELETE are not allowed', async () => {
    for (const method of ['get', 'delete'] as const)
      expect(await send(method, undefined, { 'mcp-session-id': 'any' })).toEqual({
        status: 405,
        headers: { Allow: 'POST' },
        body: {
          jsonrpc: '2.0',
          id: null,
          error: { code: -32600, message: 'Only POST is allowed here: there are no sessions' },
        },
      });
  });

  it('what is no message is refused, with its id where it has one', async () => {
    expect(await send('post', { id: 3, method: 7 })).toMatchObject({ status: 400, body: { error: { code: -32600 } } });
    const unknown = { 'mcp-protocol-version': '1999-01-01' };
    expect(await send('post', { id: 4, method: 'ping' }, unknown)).toMatchObject({ status: 400, body: { id: 4 } });
  });
});
