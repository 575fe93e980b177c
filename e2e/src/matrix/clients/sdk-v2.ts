/** @module A client of the current SDK (v2), of either era. */
import { EventEmitter } from 'node:events';
import {
  Client,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
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
    new StreamableHTTPClientTransport(new URL(`${target.url}/mcp`), { requestInit: { headers: headersFor(target) } }),
  SSE: (target) =>
    new SSEClientTransport(new URL(`${target.url}/sse`), { requestInit: { headers: headersFor(target) } }),
  stdio: (target) => new StdioClientTransport({ ...wrapperCommand(target), stderr: 'ignore' }),
  WebSocket: ({ url, token }) => socketTransport({ url: `${url}/mcp`, token }),
};

/** Connects; in the modern era it takes nothing but 2026-07-28. */
export async function connectV2(era: 'modern' | 'legacy', transport: TransportName, target: Target): Promise<Peer> {
  const versionNegotiation = { mode: era === 'modern' ? { pin: '2026-07-28' } : ('legacy' as const) };
  const client = new Client(
    { name: 'matrix-v2', version: '1.0.0' },
    { capabilities: CAPABILITIES, versionNegotiation },
  );
  const events = new EventEmitter();
  client.setRequestHandler('elicitation/create', ({ params }) => ANSWERS.form(params));
  client.setRequestHandler('sampling/createMessage', () => ANSWERS.model);
  client.setRequestHandler('roots/list', () => ANSWERS.roots);
  client.setNotificationHandler('notifications/progress', ({ params }) => {
    events.emit('progress', params.progress);
  });
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
    events.emit('updated', params.uri);
  });
  client.setNotificationHandler('notifications/tools/list_changed', () => void events.emit('tools'));
  await client.connect(TRANSPORTS[transport](target));
  return {
    call: async (name, args = {}, options = {}) =>
      textIn(await client.callTool({ name, arguments: args }, requestOptions(options))),
    list: async () => namesOf(await client.listTools({}, { cacheMode: 'refresh' })),
    async watchResource(uri) {
      if (era === 'modern') await client.listen({ resourceSubscriptions: [uri] });
      else await client.subscribeResource({ uri });
    },
    async watchTools() {
      if (era === 'modern') await client.listen({ toolsListChanged: true }); // every legacy session is told anyway
    },
    events,
    close: () => client.close(),
  };
}
