/** @module Clients on WebSocket: the undivided SDK's (v1), and a bare one that speaks in whichever era it likes. */
import { once } from 'node:events';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import { WebSocket } from 'ws';
import type { Scope } from '../harness/scope.ts';
import type { Connect } from './connect.ts';

/** The WebSocket endpoint beside a Streamable HTTP one. */
export function socketUrl(url: string): string {
  return url.replace(/^http/, 'ws').replace(/mcp$/, 'ws');
}

/** The SDK's transport to the endpoint beside `url`. It opens the global socket, which takes no headers; here it does. */
export function socketTransport({ url, token, headers }: Connect<unknown>): WebSocketClientTransport {
  class Authorized extends WebSocket {
    constructor(to: string, protocol: string) {
      // As in browsers, messages that come together are events one after the other: the SDK drops notes otherwise.
      const allowSynchronousEvents = false;
      super(to, protocol, { headers: { authorization: `Bearer ${token}`, ...headers }, allowSynchronousEvents });
    }
  }
  const transport = new WebSocketClientTransport(new URL(socketUrl(url)));
  const start = transport.start.bind(transport);
  transport.start = () => {
    const before = globalThis.WebSocket;
    Object.assign(globalThis, { WebSocket: Authorized });
    const starting = start();
    Object.assign(globalThis, { WebSocket: before });
    return starting;
  };
  return transport;
}

/** Connects the SDK's client to the endpoint beside `url`. `prepare` sets handlers before that. */
export async function connectSocket(
  scope: Scope,
  { capabilities = {}, ...to }: Connect<ClientCapabilities>,
  prepare: (client: Client) => void = () => {},
): Promise<Client> {
  const client = new Client({ name: 'socket-client', version: '1.0.0' }, { capabilities });
  prepare(client);
  await client.connect(socketTransport(to));
  return scope.add(client, () => client.close());
}

/** A message, read loosely. */
export interface SocketMessage {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** A bare client. */
export interface RawSocket {
  readonly ws: WebSocket;
  readonly received: readonly SocketMessage[];
  send(message: object): void;
  /** A modern request; its answer. */
  request(method: string, params?: object, id?: unknown): Promise<SocketMessage>;
  /** Waits for the first message of that kind. */
  until(matches: (message: SocketMessage) => boolean): Promise<SocketMessage>;
  /** Code and reason. */
  readonly closed: Promise<readonly [number, string]>;
}

const PREFIX = 'io.modelcontextprotocol/';

/** `_meta` of a modern request. */
export function meta(capabilities: object = {}): object {
  return { [`${PREFIX}protocolVersion`]: '2026-07-28', [`${PREFIX}clientCapabilities`]: capabilities };
}

/** Opens a socket at `url` (`ws:`); without a token it sends none. */
export async function rawSocket(
  scope: Scope,
  url: string,
  { token, autoPong = true }: { readonly token?: string; readonly autoPong?: boolean } = {},
): Promise<RawSocket> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ws = new WebSocket(url, { headers, autoPong });
  scope.add(ws, () => ws.terminate());
  const received: SocketMessage[] = [];
  const closed = new Promise<readonly [number, string]>((resolve) => {
    ws.once('close', (code, reason) => resolve([code, reason.toString()]));
  });
  ws.on('message', (data: Buffer) => received.push(JSON.parse(data.toString()) as SocketMessage));
  await once(ws, 'open');
  ws.on('error', () => {}); // `closed` tells
  const send = (message: object): void => ws.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const until = async (matches: (message: SocketMessage) => boolean): Promise<SocketMessage> => {
    for (;;) {
      const found = received.find(matches);
      if (found !== undefined) return found;
      await once(ws, 'message');
    }
  };
  let lastId = 0;
  return {
    ws,
    received,
    closed,
    send,
    until,
    request(method, params = {}, id = (lastId += 1)) {
      send({ id, method, params: { _meta: meta(), ...params } });
      return until((message) => message.id === id && message.method === undefined);
    },
  };
}

/** What answers a handshake that is refused. */
export async function handshakeRefusal(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; body: SocketMessage }> {
  const ws = new WebSocket(url, { headers });
  ws.on('error', () => {}); // that it was refused
  const answered = once(ws, 'unexpected-response');
  const opened = once(ws, 'open').then(() => {
    ws.terminate();
    throw new Error('It was accepted');
  });
  opened.catch(() => {}); // nobody waits for it when there is an answer
  const [, response] = (await Promise.race([answered, opened])) as [
    unknown,
    AsyncIterable<Buffer> & { statusCode: number; headers: Record<string, unknown> },
  ];
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  return {
    status: response.statusCode,
    headers: response.headers,
    body: JSON.parse(text === '' ? '{}' : text) as SocketMessage,
  };
}
