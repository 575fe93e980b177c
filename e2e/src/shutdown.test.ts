import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { connectPeers, type Peer } from './clients/peer.ts';
import { modernBody, modernHeaders, rawLegacy } from './clients/raw-client.ts';
import { openStream } from './clients/sse-stream.ts';
import { type Fixture, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { STDIO_WITH_GRANDCHILD, TRANSLATE } from './harness/paths.ts';
import { start } from './harness/process.ts';
import { isAlive, survivors } from './harness/process-table.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

const GRACE_S = 2;
const scope = createScope();
afterEach(() => scope.end());

async function setUp(): Promise<{ gateway: Gateway; upstream: Fixture; url: string; peers: Peer[] }> {
  const gateway = await startGateway(scope, { env: { SHUTDOWN_TIMEOUT: String(GRACE_S) } });
  const upstream = await startFixture(scope, 'modern');
  const url = await gateway.compose('all', [await gateway.register({ name: 'up', url: upstream.url })]);
  return { gateway, upstream, url, peers: await connectPeers(scope, url, gateway.token) };
}

const inFlight = (upstream: Fixture, tool: string, count: number) =>
  until(
    `${count} calls are in flight`,
    () => upstream.received.filter(({ body }) => body.includes(`"${tool}"`)).length === count,
  );

/** Processes of {@link STDIO_WITH_GRANDCHILD}, as they know themselves. */
async function pidsAt(url: string, token: string): Promise<number[]> {
  const peers = await connectPeers(scope, url, token);
  const texts = await Promise.all(peers.map(({ call }) => call('pids')));
  const pids = texts.flatMap((text) => JSON.parse(text) as number[]);
  expect(pids.length).toBeGreaterThanOrEqual(2);
  expect(pids.map(isAlive)).not.toContain(false);
  return pids;
}

describe('the gateway at SIGTERM', () => {
  it('lets calls in flight finish, ends streams properly and leaves no process', { timeout: 60_000 }, async () => {
    const { gateway, upstream, url, peers } = await setUp();
    const stdio = await gateway.register({ name: 'stdio', command: process.execPath, args: [STDIO_WITH_GRANDCHILD] });
    const pids = await pidsAt(await gateway.compose('stdio', [stdio]), gateway.token);
    const authorization = `Bearer ${gateway.token}`;
    const { sessionId } = await rawLegacy({ url, token: gateway.token });
    const standing = await openStream(scope, url, { authorization, 'mcp-session-id': sessionId });
    const sse = await openStream(scope, url.replace(/mcp$/, 'sse'), { authorization });
    const listen = modernBody('"listening"', 'subscriptions/listen', '{"notifications":{"toolsListChanged":true}}');
    const listening = await openStream(scope, url, { ...modernHeaders('subscriptions/listen'), authorization }, listen);
    await until('it is acknowledged', () => listening.text.includes('acknowledged'));

    const calls = peers.map(({ call }) => call('slow', { ms: 1000 }));
    await inFlight(upstream, 'slow', peers.length);
    process.kill(gateway.process.pid, 'SIGTERM');
    expect(await Promise.all(calls)).toEqual(['done', 'done']);
    expect(await gateway.process.exit).toBe(0);
    expect(await Promise.all([standing.ended, sse.ended, listening.ended])).toEqual([
      'properly',
      'properly',
      'properly',
    ]);
    expect(await peers.find(({ era }) => era === 'modern')?.subscriptionEnded).toBe('graceful');
    expect(listening.text).toMatch(/"id":"listening","result":\{/);
    expect(await survivors(pids, 0)).toEqual([]);
  });

  it('waits no longer than it is told to', { timeout: 60_000 }, async () => {
    const { gateway, upstream, peers } = await setUp();
    const calls = Promise.allSettled(peers.map(({ call }) => call('slow', { ms: 60_000 })));
    const rest = [
      gateway.api('POST', '/tools/invoke/up-slow', { ms: 60_000 }),
      gateway.api('POST', '/rpc', { jsonrpc: '2.0', id: 1, method: 'up-slow', params: { ms: 60_000 } }),
    ];
    await inFlight(upstream, 'slow', peers.length + rest.length);
    upstream.trouble = 'hangs'; // it cannot even be told good-bye
    const from = Date.now();
    process.kill(gateway.process.pid, 'SIGTERM');
    expect(await gateway.process.exit).toBe(0);
    expect(Date.now() - from).toBeGreaterThan(GRACE_S * 1000 - 100);
    expect(Date.now() - from).toBeLessThan(GRACE_S * 1000 + 5000); // flushing streams, good-byes upstream
    const message = 'The server closed before the call ended; it may have taken effect';
    const reason: unknown = expect.objectContaining({ message: expect.stringContaining(message) });
    expect(await calls).toEqual(peers.map(() => ({ status: 'rejected', reason })));
    expect(await Promise.all(rest)).toMatchObject([
      { status: 502, body: { error: { code: 'outcome_unknown', message } } },
      { status: 200, body: { id: 1, error: { code: -32603, message } } },
    ]);
  });

  it('does not wait for connections on which nothing was ever sent', { timeout: 60_000 }, async () => {
    const gateway = await startGateway(scope);
    const { port } = new URL(gateway.url);
    const socket = scope.add(connect(Number(port), '127.0.0.1'), (it) => it.destroy());
    await once(socket, 'connect');
    await fetch(`${gateway.url}/health`); // the one before it has been taken in, too
    const from = Date.now();
    process.kill(gateway.process.pid, 'SIGTERM');
    expect(await gateway.process.exit).toBe(0);
    expect(Date.now() - from).toBeLessThan(3000);
  });

  it('takes nothing new', { timeout: 60_000 }, async () => {
    const { gateway, upstream, peers } = await setUp();
    const [call] = peers.map((peer) => peer.call('slow', { ms: 1000 }));
    await inFlight(upstream, 'slow', peers.length);
    process.kill(gateway.process.pid, 'SIGTERM');
    await gateway.process.says(/"ending"/);
    await expect(fetch(`${gateway.url}/health`)).rejects.toThrow('fetch failed');
    expect(await call).toBe('done');
    expect(await gateway.process.exit).toBe(0);
  });
});

it('the gateway ends at SIGINT in the same way', { timeout: 60_000 }, async () => {
  const { gateway, upstream, peers } = await setUp();
  const calls = peers.map(({ call }) => call('slow', { ms: 500 }));
  await inFlight(upstream, 'slow', peers.length);
  process.kill(gateway.process.pid, 'SIGINT');
  expect(await Promise.all(calls)).toEqual(['done', 'done']);
  expect(await gateway.process.exit).toBe(0);
});

it(
  'translate at SIGTERM ends its streams properly, leaves no process, and exits with 0',
  { timeout: 60_000 },
  async () => {
    const args = [TRANSLATE, '--port', '0', '--', process.execPath, STDIO_WITH_GRANDCHILD];
    const translate = start(scope, { command: process.execPath, args });
    const [, url = ''] = await translate.says(/HTTP +(\S+)/);
    const pids = await pidsAt(url, 'none');
    const sse = await openStream(scope, url.replace(/mcp$/, 'sse'), {});
    process.kill(translate.pid, 'SIGTERM');
    expect(await translate.exit).toBe(0);
    expect(await sse.ended).toBe('properly');
    expect(await survivors(pids, 0)).toEqual([]);
  },
);
