/**
 * @module Forge inside a server of your own: its own routes stay its own, `/mcp` is Forge's. Behind it are a server on HTTP
 * and one that lives in this process. The program then calls a tool of each through itself and fails when an answer is not
 * the expected one.
 */
import { createServer } from 'node:http';
import {
  createForge,
  createMemoryStore,
  createSealer,
  inProcessAdapter,
  type Interceptor,
  type Principal,
} from '@forge/core';
import { JsonText } from '@forge/protocol';
import { createMcpListener, httpUpstream } from '@forge/transport-http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { clock } from './clock-server.ts';
import { startWeatherServer } from './weather-server.ts';

const me: Principal = { id: 'me@example.com', admin: true };
const identity = { name: 'example', version: '1.0.0' };

// Interceptors see every call: here is where limits, logs and policies go.
const logging: Interceptor = (next) => async (call) => {
  const start = performance.now();
  const outcome = await next(call);
  process.stdout.write(
    `${call.request.method} ${call.target ?? ''} took ${(performance.now() - start).toFixed(1)} ms\n`,
  );
  return outcome;
};

const forge = await createForge({
  store: createMemoryStore(),
  sealer: createSealer(crypto.randomUUID()),
  adapters: [
    {
      transports: ['streamable-http'],
      create: ({ url = '' }, events) => httpUpstream({ url, events, clientInfo: JsonText.of(identity) }),
    },
    // No socket, no child. What stands here can be registered, and nothing else of this process.
    inProcessAdapter({ servers: { clock: (transport) => clock().connect(transport) }, identity }),
  ],
  interceptors: [logging],
  identity,
});

const weather = await startWeatherServer();
await forge.registry.upstreams.create(me, { name: 'weather', url: weather.url });
await forge.registry.upstreams.create(me, { name: 'clock', transport: 'in-process' });

const listener = createMcpListener({
  authenticate: () => me,
  endpoint: () => forge.endpoint(undefined, me),
});
const server = createServer((req, res) => {
  if (req.url === '/mcp') listener.handle(req, res, '/mcp');
  else res.end('my own page\n');
});
await new Promise<void>((resolve) => server.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', resolve));
const { port } = server.address() as { port: number };
process.stdout.write(`MCP at http://127.0.0.1:${port}/mcp\n`);

const client = new Client({ name: 'example-client', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
const expected = [
  { name: 'weather-forecast', arguments: { city: 'Oslo' }, answer: 'Sunny in Oslo' },
  { name: 'clock-year', arguments: {}, answer: String(new Date().getUTCFullYear()) },
];
for (const { answer, ...call } of expected) {
  const text = JSON.stringify((await client.callTool(call)).content);
  process.stdout.write(`${text}\n`);
  if (!text.includes(answer)) throw new Error(`${call.name} did not answer as expected`);
}

await client.close();
await listener.close();
await forge.close();
server.close();
weather.server.close();
