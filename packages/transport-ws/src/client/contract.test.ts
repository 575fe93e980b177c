import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { JsonText } from '@forge/protocol';
import { createSuiteServer, describeUpstream, type SuiteMessage, type UpstreamFixture } from '@forge/testkit';
import { WebSocketServer } from 'ws';
import { wsUpstream } from './ws-upstream.ts';

async function startFixture(era: 'modern' | 'legacy'): Promise<UpstreamFixture> {
  const suite = createSuiteServer(era);
  let port = 0;
  let server: WebSocketServer | undefined;

  const start = async (): Promise<void> => {
    server = new WebSocketServer({ host: '127.0.0.1', port });
    server.on('connection', (ws) =>
      ws.on('message', (data: Buffer) => {
        const send = (message: object): void => ws.send(JSON.stringify({ jsonrpc: '2.0', ...message }));
        suite.receive(JSON.parse(data.toString()) as SuiteMessage, send);
      }),
    );
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };
  const stop = async (): Promise<void> => {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    const closed = once(stopping, 'close');
    for (const ws of stopping.clients) ws.terminate();
    stopping.close();
    await closed;
  };

  await start();
  return {
    create: ({ maxResponseBytes, ...options }) =>
      wsUpstream({
        ...options,
        url: `ws://127.0.0.1:${port}/ws`,
        maxMessageBytes: maxResponseBytes,
        clientInfo: new JsonText('{"name":"suite","version":"0"}'),
      }),
    start,
    stop,
    close: stop,
    hanging: () => suite.hanging,
    connections: () => server?.clients.size ?? 0,
  };
}

describeUpstream('MCP over WebSocket, modern', () => startFixture('modern'));
describeUpstream('MCP over WebSocket, legacy', () => startFixture('legacy'));
