/** @module A scripted MCP server on WebSocket, and an upstream in front of it; both end with the test. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, type Client, type Exchange, JsonText, type Outcome, type UpstreamEvents } from '@forge/protocol';
import { onTestFinished } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { wsUpstream, type WsUpstreamOptions } from './ws-upstream.ts';

/** A message as the server sees it. */
export interface WireMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
}

/** One socket, from the server's end. */
export interface Connection {
  readonly ws: WebSocket;
  readonly headers: IncomingHttpHeaders;
  readonly received: WireMessage[];
}

/** What the server does with a request; `undefined` leaves it unanswered. */
export type Script = (message: WireMessage, connection: Connection) => object | undefined;

/** A server. */
export interface TestServer {
  readonly url: string;
  readonly connections: Connection[];
  readonly scripts: Map<string, Script>;
}

/** Starts one. @param subprotocol what it chooses where it is offered something; `false`: nothing */
export async function serverOf(era: 'modern' | 'legacy', subprotocol: string | false = 'mcp'): Promise<TestServer> {
  const http = createServer();
  const wss = new WebSocketServer({ server: http, handleProtocols: () => subprotocol });
  const connections: Connection[] = [];
  const scripts = new Map<string, Script>();
  const capabilities = { tools: {} };
  if (era === 'modern') {
    const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities, _meta: {} };
    scripts.set('server/discover', () => ({ result }));
  } else {
    const result = { protocolVersion: '2025-06-18', capabilities, serverInfo: { name: 'scripted', version: '1' } };
    scripts.set('initialize', () => ({ result }));
  }
  scripts.set('tools/call', ({ params }) => ({ result: { content: [], params } }));
  wss.on('connection', (ws, { headers }) => {
    const connection: Connection = { ws, headers, received: [] };
    connections.push(connection);
    ws.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as WireMessage;
      connection.received.push(message);
      if (message.id === undefined || message.method === undefined) return;
      const script = scripts.get(message.method) ?? (() => ({ error: { code: -32601, message: 'unknown method' } }));
      const answer = script(message, connection);
      if (answer !== undefined) ws.send(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer }));
    });
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    for (const { ws } of connections) ws.terminate();
    http.close();
  });
  const { port } = http.address() as AddressInfo;
  return { url: `ws://127.0.0.1:${port}/ws`, connections, scripts };
}

/** An upstream at this address. */
export function upstreamAt(url: string, options: Partial<WsUpstreamOptions> = {}) {
  let lose: (error: Error) => void = () => {};
  const lost = new Promise<Error>((resolve) => (lose = resolve));
  const changes: string[] = [];
  const events: UpstreamEvents = {
    listChanged: (kind) => changes.push(kind),
    resourceUpdated() {},
    sessionNote() {},
    sessionAsk: () => Promise.resolve({ error: { code: -32600, message: 'nobody to ask' } }),
    lost: (error) => lose(error),
  };
  const upstream = wsUpstream({ url, events, clientInfo: JsonText.of({ name: 'forge', version: '0' }), ...options });
  onTestFinished(() => upstream.close());
  const call = (
    name: string,
    over: Partial<Client> = {},
    exchange: Exchange = new TestExchange(),
  ): Promise<Outcome> => {
    const client = { ...CLIENT, ...over };
    const params = JsonText.of({ name });
    return upstream.call({ method: 'tools/call', params, target: name, client, progressToken: '"p"' }, exchange);
  };
  return { upstream, lost, changes, call };
}

const CLIENT: Client = {
  era: 'modern',
  protocolVersion: '2026-07-28',
  caller: { id: 'alice' },
  capabilities: new JsonText('{}'),
};

/** The client's side of a call. */
export class TestExchange implements Exchange {
  readonly notes: unknown[] = [];
  readonly asks: string[] = [];
  cancelled = false;
  cancel: (reason?: string) => void = () => {};

  note(_method: string, params: JsonText | undefined): void {
    this.notes.push(params?.value);
  }

  async ask({ method }: { readonly method: string }): Promise<Answer> {
    this.asks.push(method);
    return { result: new JsonText('{"action":"accept"}') };
  }

  onCancel(listener: (reason: string | undefined) => void): void {
    this.cancel = listener;
  }
}
