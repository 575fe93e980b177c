/** `--expose-ws` and `--connect-ws`, as a process and by real sockets. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STDIO_SERVER } from '@forge/testkit';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { killLaunched, launch, openSession } from './launch.fixture.ts';

const FREE = ['--port', '0'];
const FIXTURE = ['--', STDIO_SERVER.command, ...STDIO_SERVER.args];

beforeEach(() => vi.stubGlobal('WebSocket', WebSocket)); // Node 20 has none of its own
afterEach(() => {
  vi.unstubAllGlobals();
  killLaunched();
});

/** A client of the undivided SDK. */
async function connect(url: string, capabilities: object = {}): Promise<Client> {
  const client = new Client({ name: 'test', version: '0' }, { capabilities });
  await client.connect(new WebSocketClientTransport(new URL(url)));
  onTestFinished(() => client.close());
  return client;
}

async function call(client: Client, name: string, args: Record<string, unknown> = {}): Promise<string> {
  const { content } = await client.callTool({ name, arguments: args });
  return (content as { text: string }[])[0]?.text ?? '';
}

/** The status that answers a handshake. */
async function handshake(url: string, options: ClientOptions = {}): Promise<number> {
  const ws = new WebSocket(url, options);
  onTestFinished(() => ws.terminate());
  ws.on('error', () => {}); // that it was refused
  return new Promise((resolve) => {
    ws.once('open', () => resolve(101));
    ws.once('unexpected-response', (_, { statusCode = 0 }) => resolve(statusCode));
  });
}

describe('--expose-ws', () => {
  it('serves each connection a session of its own, beside the other transports', async () => {
    const translate = launch([
      ...FREE,
      '--expose-ws',
      '--expose-streamable-http',
      '--child',
      'per-session',
      ...FIXTURE,
    ]);
    const url = await translate.wsUrl();
    expect(url).toMatch(/^ws:.*\/ws$/);
    const [one, two] = [await connect(url), await connect(url)];
    const pids = [await call(one, 'pid'), await call(two, 'pid'), await call(one, 'pid')];
    expect([pids[0] === pids[2], pids[0] === pids[1]]).toEqual([true, false]);
    const session = await openSession(await translate.mcpUrl());
    expect(await session.call('echo', { text: 'hello' })).toBe('hello');
    expect(translate.output.stderr).not.toMatch(/^SSE /m);
  });

  it('has the path that it is given, and tells plain requests there to upgrade', async () => {
    const url = await launch([...FREE, '--expose-ws', '--wsPath', '/socket', ...FIXTURE]).wsUrl();
    expect(url).toMatch(/\/socket$/);
    expect(await call(await connect(url), 'echo', { text: 'hi' })).toBe('hi');
    expect((await fetch(url.replace('ws:', 'http:'))).status).toBe(426);
    expect(await handshake(url.replace('/socket', '/mcp'))).toBe(404);
  });

  it('is not there without the flag', async () => {
    const url = await launch([...FREE, ...FIXTURE]).mcpUrl();
    expect(await handshake(url.replace('http:', 'ws:').replace('/mcp', '/ws'))).toBe(404);
  });

  it('asks for a key, and refuses web pages of elsewhere, as the other paths do', async () => {
    const translate = launch([...FREE, '--expose-ws', '--api-key', 'first-key', ...FIXTURE]);
    const url = await translate.wsUrl();
    expect(await handshake(url)).toBe(401);
    expect(await handshake(`${url}?token=first-key`)).toBe(401);
    expect(await handshake(url, { headers: { 'x-api-key': 'first-key' } })).toBe(101);
    const headers = { authorization: 'Bearer first-key' };
    expect(await handshake(url, { headers })).toBe(101);
    expect(await handshake(url, { headers, origin: 'https://evil.example' })).toBe(403);
  });

  it('is wss with a certificate, and clients that answer pings stay', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'translate-wss-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const how = '-subj /CN=localhost -days 1 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256'.split(' ');
    execFileSync('openssl', ['req', '-x509', ...how, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const tls = ['--tls-cert', cert, '--tls-key', key];
    const url = await launch([...FREE, '--expose-ws', '--keepAlive', '1', ...tls, ...FIXTURE]).wsUrl();
    expect(url).toMatch(/^wss:/);
    const ws = new WebSocket(url, { rejectUnauthorized: false });
    onTestFinished(() => ws.terminate());
    for (let ping = 0; ping < 3; ping += 1) await once(ws, 'ping');
    ws.send('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"echo","arguments":{"text":"bare"}}}');
    expect(String((await once(ws, 'message'))[0])).toContain('"text":"bare"');
  });

  it('closes its sockets with 1001 at the end, after what was in flight', async () => {
    const translate = launch([...FREE, '--expose-ws', ...FIXTURE]);
    const ws = new WebSocket(await translate.wsUrl());
    onTestFinished(() => ws.terminate());
    await once(ws, 'open');
    ws.send('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sleep","arguments":{"ms":300}}}');
    await translate.saw(/sleeping 300/);
    const [answer, closed] = [once(ws, 'message'), once(ws, 'close')];
    translate.child.kill('SIGTERM');
    expect(String((await answer)[0])).toContain('slept 300');
    expect((await closed)[0]).toBe(1001);
    expect((await translate.exit).code).toBe(0);
  });
});

it('--connect-ws serves a server elsewhere, with our credentials for it', async () => {
  const away = launch([...FREE, '--expose-ws', '--api-key', 'key-of-the-other', ...FIXTURE]);
  const environment = { ...process.env, THEIR_KEY: 'key-of-the-other' };
  const token = ['--oauth2Bearer', '${THEIR_KEY}'];
  const here = launch([...FREE, '--connect-ws', await away.wsUrl(), ...token], environment);
  const session = await openSession(await here.mcpUrl(), {}, { authorization: 'Bearer of-the-client' });
  expect(await session.call('echo', { text: 'hello' })).toBe('hello');
  expect(here.output.stderr).toContain('(modern)');
});
