/** @module For tests: a server on loopback, an upstream that leads to it, and calls of its tools. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAddressPolicy, type UpstreamRecord } from '@forge/core';
import { type Client, JsonText, NOBODY, type Outcome, type Upstream, type UpstreamEvents } from '@forge/protocol';
import { afterEach } from 'vitest';
import { restAdapter, type RestAdapterOptions } from './adapter.ts';
import type { RestConfig, RestOperation } from './config/operation.ts';

const opened: { close(): unknown }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

/** Serves; the address is `http://127.0.0.1:PORT`. Requests that were received are kept. */
export async function serve(
  listener: RequestListener,
): Promise<{ url: string; requests: IncomingMessage[]; server: Server }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  opened.push({
    close() {
      server.closeAllConnections();
      server.close();
    },
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, server };
}

/** Answers with what came: method, URL, headers, body. */
export function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    json(response, { method, url, headers, body: Buffer.concat(chunks).toString() });
  });
}

/** Answers with JSON. */
export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

/** A record of an upstream, secrets in the clear. */
export function recordOf(url: string, config: RestConfig, more: Partial<UpstreamRecord> = {}): UpstreamRecord {
  return {
    id: 'f'.repeat(32),
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    owner: 'alice',
    enabled: true,
    visibility: 'public',
    tags: [],
    name: 'api',
    slug: 'api',
    description: '',
    transport: 'rest',
    url,
    headers: [],
    config: JSON.stringify(config),
    era: 'auto',
    ...more,
  };
}

/** An operation of a GET; more can be said. */
export function operationOf(more: Partial<RestOperation> = {}): RestOperation {
  return { name: 'get', method: 'GET', path: '/things', inputSchema: { type: 'object' }, ...more };
}

const EVENTS: UpstreamEvents = {
  listChanged() {},
  resourceUpdated() {},
  sessionNote() {},
  sessionAsk: () => Promise.resolve({ error: { code: -32600, message: 'nobody to ask' } }),
  lost() {},
};

/** What {@link upstreamAt} may be told. */
export interface UpstreamAtOptions extends RestAdapterOptions {
  readonly config?: Partial<RestConfig>;
  readonly record?: Partial<UpstreamRecord>;
  readonly lost?: (error: Error) => void;
}

/** An upstream of some operations, checked and made as the pool does it. */
export function upstreamAt(
  url: string,
  operations: readonly Partial<RestOperation>[],
  { config = {}, record: more, lost = () => {}, ...options }: UpstreamAtOptions = {},
): Upstream {
  const adapter = restAdapter({ addresses: createAddressPolicy(), ...options });
  const record = recordOf(url, { operations: operations.map(operationOf), ...config }, more);
  adapter.check?.(record);
  const upstream = adapter.create(record, { ...EVENTS, lost });
  opened.push(upstream);
  return upstream;
}

const CLIENT: Client = {
  era: 'modern',
  protocolVersion: '2026-07-28',
  caller: { id: 'alice' },
  capabilities: new JsonText('{}'),
};

/** A result, as its caller reads it. */
export interface Result {
  readonly content: readonly { type: string; text?: string; data?: string; mimeType?: string; resource?: object }[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** Calls a tool. */
export function callTool(
  upstream: Upstream,
  args: object | string = {},
  name = 'get',
  client: Partial<Client> = {},
): Promise<Outcome> {
  const text = typeof args === 'string' ? args : JSON.stringify(args);
  const params = new JsonText(`{"name":${JSON.stringify(name)},"arguments":${text}}`);
  return upstream.call({ method: 'tools/call', params, target: name, client: { ...CLIENT, ...client } }, NOBODY);
}

/** The result of a call. @throws when it ended with an error */
export async function resultOf(outcome: Promise<Outcome>): Promise<Result> {
  const { result, error } = await outcome;
  if (error !== undefined) throw new Error(error.message);
  return JSON.parse(result.text) as Result;
}

/** The text of a result that is an error. */
export async function complaintOf(outcome: Promise<Outcome>): Promise<string> {
  const { isError, content } = await resultOf(outcome);
  if (isError !== true) throw new Error(`No error: ${JSON.stringify(content)}`);
  return content.map(({ text }) => text).join('\n');
}
