/** Interoperation with the official SDK's servers, of both lines. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { JsonText, type Outcome } from '@forge/protocol';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { CallToolRequestSchema, isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { createMcpHandler, Server as ServerV2 } from '@modelcontextprotocol/server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { testClient } from './server.fixture.ts';
import { upstreamAt } from './upstream.fixture.ts';

async function listening(listener: RequestListener): Promise<string> {
  const http = createServer(listener);
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    http.closeAllConnections();
    http.close();
  });
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
}

/** Echoes its arguments; `ask` asks the client, `progress` tells of some. */
function serverV1(): ServerV1 {
  const server = new ServerV1({ name: 'v1', version: '1' }, { capabilities: { tools: { listChanged: true } } });
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    if (params.name === 'ask') {
      const asked = { message: 'Name?', requestedSchema: { type: 'object' as const, properties: {} } };
      const { action } = await server.elicitInput(asked, { relatedRequestId: extra.requestId });
      return { content: [{ type: 'text', text: action }] };
    }
    const progressToken = params._meta?.progressToken;
    if (progressToken !== undefined) {
      await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
    }
    return { content: [{ type: 'text', text: JSON.stringify(params.arguments) }] };
  });
  return server;
}

async function streamableV1(): Promise<string> {
  const transports = new Map<string, StreamableHTTPServerTransport>();
  return listening((request, response) => {
    void (async () => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += chunk as string;
      const message = body === '' ? undefined : (JSON.parse(body) as unknown);
      let transport = transports.get(String(request.headers['mcp-session-id']));
      if (transport === undefined && isInitializeRequest(message)) {
        const fresh = new StreamableHTTPServerTransport({
          sessionIdGenerator: randomUUID,
          onsessioninitialized: (id) => void transports.set(id, fresh),
        });
        await serverV1().connect(fresh);
        transport = fresh;
      }
      if (transport === undefined) {
        const error = { code: -32000, message: 'Bad Request: No valid session ID provided' };
        response.writeHead(400).end(JSON.stringify({ jsonrpc: '2.0', error, id: null }));
      } else await transport.handleRequest(request, response, message);
    })();
  });
}

const text = (outcome: Outcome) =>
  (outcome.result?.value as { content: { text: string }[] } | undefined)?.content[0]?.text;
const asked = { capabilities: new JsonText('{"elicitation":{}}') };

describe('a server of SDK v1', () => {
  it('is called in sessions, and asks its client', async () => {
    const { upstream, call } = upstreamAt(await streamableV1());
    expect(await upstream.connect()).toMatchObject({ era: 'legacy', transport: 'streamable-http' });
    expect(text(await call('echo', undefined, { arguments: { a: 1 } }).outcome)).toBe('{"a":1}');
    const { exchange, outcome } = call('ask', testClient({ era: 'legacy', sessionId: 's', ...asked }));
    expect(text(await outcome)).toBe('accept');
    expect(exchange.asks).toHaveLength(1);
    expect(text(await call('ask', testClient(asked)).outcome)).toBe('accept');
  });

  it('is called over HTTP+SSE', async () => {
    const transports = new Map<string, SSEServerTransport>();
    const url = await listening((request, response) => {
      const path = new URL(request.url ?? '', 'http://localhost');
      if (request.method === 'GET') {
        const transport = new SSEServerTransport('/post', response);
        transports.set(transport.sessionId, transport);
        void serverV1().connect(transport);
      } else {
        const transport = transports.get(path.searchParams.get('sessionId') ?? '');
        if (transport === undefined) response.writeHead(404).end();
        else void transport.handlePostMessage(request, response);
      }
    });
    const { upstream, call } = upstreamAt(url);
    expect(await upstream.connect()).toMatchObject({ era: 'legacy', transport: 'sse' });
    expect(text(await call('echo', undefined, { arguments: { a: 1 } }).outcome)).toBe('{"a":1}');
    const client = testClient({ era: 'legacy', sessionId: 's', ...asked });
    expect(text(await call('ask', client).outcome)).toBe('accept');
  });
});

describe('a server of SDK v2', () => {
  it('is called in the modern era, with progress', async () => {
    const handler = createMcpHandler(() => {
      const server = new ServerV2({ name: 'v2', version: '1' }, { capabilities: { tools: { listChanged: true } } });
      server.setRequestHandler('tools/call', async ({ params }, context) => {
        const progressToken = context.mcpReq._meta?.progressToken;
        if (progressToken !== undefined) {
          await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
        }
        return { content: [{ type: 'text' as const, text: JSON.stringify(params.arguments) }] };
      });
      return server;
    });
    onTestFinished(() => handler.close());
    const serve = toNodeHandler(handler);
    const { upstream, events, call } = upstreamAt(
      await listening((request, response) => void serve(request, response)),
    );
    expect(await upstream.connect()).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28' });
    const { exchange, outcome } = call('echo', undefined, { arguments: { a: 1 }, progressToken: '"x"' });
    expect(text(await outcome)).toBe('{"a":1}');
    expect(exchange.notes).toMatchObject([{ method: 'notifications/progress', params: { progress: 1 } }]);
    const announced = events.until(/tools changed/);
    const timer = setInterval(() => handler.notify.toolsChanged(), 20); // heard once the subscription stands
    await announced;
    clearInterval(timer);
  });
});
