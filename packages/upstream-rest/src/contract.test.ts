/** REST among all upstreams. It has no progress, and connecting to it reaches nobody. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { describeUpstream, type UpstreamFixture } from '@forge/testkit';
import { restAdapter } from './adapter.ts';
import type { RestOperation } from './config/operation.ts';
import { recordOf } from './rest.fixture.ts';

const operation = (name: string, more: Partial<RestOperation> = {}): RestOperation => ({
  name,
  method: 'POST',
  path: `/${name}`,
  inputSchema: { type: 'object' },
  body: { encoding: 'json' },
  ...more,
});
const OPERATIONS = ['echo', 'fail', 'hang', 'large', 'steps'].map((name) => operation(name));

async function start(): Promise<UpstreamFixture> {
  const hanging = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let port = 0;
  const make = () =>
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
      request.on('end', () => {
        const args = JSON.parse(Buffer.from(body, 'latin1').toString()) as { text?: string; size?: number };
        response.setHeader('content-type', 'text/plain; charset=utf-8');
        if (request.url === '/echo') response.end(args.text);
        else if (request.url === '/fail') response.writeHead(400).end('it failed');
        else if (request.url === '/large') response.end('x'.repeat(args.size ?? 0));
        else {
          hanging.add(response);
          response.on('close', () => hanging.delete(response));
        }
      });
    }).on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
  let server = make();
  const listen = async (): Promise<void> => {
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
    ({ port } = server.address() as AddressInfo);
  };
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  await listen();
  return {
    create: ({ events, requestTimeoutMs: timeoutMs, maxResponseBytes: maxAnswerBytes }) =>
      restAdapter({ timeoutMs, maxAnswerBytes, breaker: { openMs: 50 } }).create(
        recordOf(`http://127.0.0.1:${port}`, { operations: OPERATIONS }),
        events,
      ),
    stop,
    async start() {
      server = make();
      await listen();
    },
    hanging: () => hanging.size,
    connections: () => sockets.size,
    close: () => (server.listening ? stop() : Promise.resolve()),
  };
}

describeUpstream('rest', start, { progress: false, dials: false });
