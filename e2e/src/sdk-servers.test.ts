import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPeers, type Peer } from './clients/peer.ts';
import { startSdkServer } from './fixtures/sdk-server.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { freePort } from './harness/net.ts';
import { SERVER_EVERYTHING } from './harness/paths.ts';
import { start } from './harness/process.ts';
import { createScope } from './harness/scope.ts';

const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope);
});
afterAll(() => scope.end());

/** Starts the reference server of the undivided SDK (v1). */
async function everything(transport: 'streamableHttp' | 'sse', path: string): Promise<{ url: string }> {
  const port = await freePort();
  const args = [SERVER_EVERYTHING, transport];
  await start(scope, { command: process.execPath, args, env: { PORT: String(port) } }).says(/port \d+/);
  return { url: `http://127.0.0.1:${port}${path}` };
}

describe.each<[string, () => Promise<object>, object]>([
  [
    'SDK v2, modern',
    async () => ({ url: await startSdkServer(scope, 'reject') }),
    { era: 'modern', transport: 'streamable-http' },
  ],
  [
    'SDK v2, of both eras',
    async () => ({ url: await startSdkServer(scope, 'stateless') }),
    { era: 'modern', transport: 'streamable-http' },
  ],
  [
    'SDK v2, spoken to as a legacy one',
    async () => ({ url: await startSdkServer(scope, 'stateless'), era: 'legacy' }),
    { era: 'legacy', transport: 'streamable-http' },
  ],
  [
    'SDK v1 over Streamable HTTP',
    () => everything('streamableHttp', '/mcp'),
    { era: 'legacy', transport: 'streamable-http' },
  ],
  ['SDK v1 over HTTP+SSE', () => everything('sse', '/sse'), { era: 'legacy', transport: 'sse' }],
  [
    'SDK v1 on stdio',
    async () => ({ command: process.execPath, args: [SERVER_EVERYTHING, 'stdio'] }),
    { era: 'legacy', transport: 'stdio' },
  ],
])('a server of %s', (name, open, found) => {
  let id: string;
  let peers: Peer[];

  beforeAll(async () => {
    id = await gateway.register({ name, ...(await open()) });
    peers = await connectPeers(scope, await gateway.compose(name, [id]), gateway.token);
  });

  it('is known for what it is', async () => {
    const { body } = await gateway.api('GET', `/gateways/${id}`);
    expect(body).toMatchObject({ reachable: true, status: { state: 'connected', lastError: null, ...found } });
  });

  it('is listed to clients of both eras, and called by both at once', async () => {
    for (const { list } of peers) expect(await list()).toContain('echo');
    const messages = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    const answers = await Promise.all(
      messages.map(async (message, index) => peers[index % peers.length]?.call('echo', { message })),
    );
    expect(answers).toEqual(messages.map((message) => `Echo: ${message}`));
  });
});
