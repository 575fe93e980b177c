/** @module A client of the undivided SDK (v1). */
import { EventEmitter } from 'node:events';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ProgressNotificationSchema,
  ResourceUpdatedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { namesOf } from '../../clients/connect.ts';
import { socketTransport } from '../../clients/web-socket.ts';
import {
  ANSWERS,
  CAPABILITIES,
  headersFor,
  type Peer,
  requestOptions,
  type Target,
  textIn,
  type TransportName,
} from './peer.ts';
import { wrapperCommand } from './wrapper-command.ts';

const TRANSPORTS: Readonly<Record<TransportName, (target: Target) => Transport>> = {
  HTTP: (target) =>
    new StreamableHTTPClientTransport(new URL(`${target.url}/mcp`), {
      requestInit: { headers: headersFor(target) },
    }),
  SSE: (target) =>
    new SSEClientTransport(new URL(`${target.url}/sse`), { requestInit: { headers: headersFor(target) } }),
  stdio: (target) => new StdioClientTransport({ ...wrapperCommand(target), stderr: 'ignore' }),
  WebSocket: ({ url, token }) => socketTransport({ url: `${url}/mcp`, token }),
};

/** Connects. */
export async function connectV1(transport: TransportName, target: Target): Promise<Peer> {
  const client = new Client({ name: 'matrix-v1', version: '1.0.0' }, { capabilities: CAPABILITIES });
  const events = new EventEmitter();
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => ANSWERS.form(params));
  client.setRequestHandler(CreateMessageRequestSchema, () => ANSWERS.model);
  client.setRequestHandler(ListRootsRequestSchema, () => ANSWERS.roots);
  client.setNotificationHandler(ProgressNotificationSchema, ({ params }) => {
    events.emit('progress', params.progress);
  });
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => {
    events.emit('updated', params.uri);
  });
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void events.emit('tools'));
  await client.connect(TRANSPORTS[transport](target));
  return {
    call: async (name, args = {}, options = {}) =>
      textIn(await client.callTool({ name, arguments: args }, undefined, requestOptions(options))),
    list: async () => namesOf(await client.listTools()),
    async watchResource(uri) {
      await client.subscribeResource({ uri });
    },
    async watchTools() {}, // every session is told
    events,
    close: () => client.close(),
  };
}
