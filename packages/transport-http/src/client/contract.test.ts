import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { JsonText } from '@forge/protocol';
import { createSuiteServer, describeUpstream, type SuiteMessage, type UpstreamFixture } from '@forge/testkit';
import { httpUpstream } from './http-upstream.ts';

/** A server over Streamable HTTP: JSON until there is progress, then events. */
async function startFixture(era: 'modern' | 'legacy'): Promise<UpstreamFixture> {
  const suite = createSuiteServer(era);
  const sockets = new Set<Socket>();
  let port = 0;
  let http: Server | undefined;

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const message = (await new Response(request).json()) as SuiteMessage;
    if (message.id === undefined || message.method === undefined) {
      suite.receive(message, () => {});
      return void response.writeHead(202).end();
    }
    if (era === 'modern') response.on('close', () => suite.dropped(message.id));
    suite.receive(message, (said) => {
      const body = JSON.stringify({ jsonrpc: '2.0', ...said });
      const isLast = 'id' in said;
      if (!isLast && !response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
      if (!isLast) response.write(`data: ${body}\n\n`);
      else if (response.headersSent) response.end(`data: ${body}\n\n`);
      else response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    });
  };
  const start = async (): Promise<void> => {
    http = createServer((request, response) => void serve(request, response));
    http.on('connection', (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    http.listen(port, '127.0.0.1');
    await once(http, 'listening');
    ({ port } = http.address() as AddressInfo);
  };
  const stop = async (): Promise<void> => {
    const stopping = http;
    http = undefined;
    if (stopping === undefined) return;
    const closed = once(stopping, 'close');
    stopping.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  await start();
  return {
    create: (options) =>
      httpUpstream({
        ...options,
        url: `http://127.0.0.1:${port}/mcp`,
        maxConnections: 32,
        clientInfo: new JsonText('{"name":"suite","version":"0"}'),
      }),
    start,
    stop,
    close: stop,
    hanging: () => suite.hanging,
    connections: () => sockets.size,
  };
}

describeUpstream('MCP over HTTP, modern', () => startFixture('modern'));
describeUpstream('MCP over HTTP, legacy', () => startFixture('legacy'));
