/** @module The whole gateway as a process, with a real upstream behind it and real clients of every era in front. */
import { STDIO_SERVER } from '@forge/testkit';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { WebSocketClientTransport } from '@modelcontextprotocol/sdk/client/websocket.js';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createWorkplace, type Running, type Workplace } from './process.fixture.ts';

const INFO = { name: 'test', version: '0' };
const CONFIG = JSON.stringify({
  mcpServers: {
    fixture: STDIO_SERVER,
    broken: { command: 'no-such-program' },
    asleep: { url: 'http://127.0.0.1:9/mcp' },
    nonsense: { comand: 'node' },
  },
});

let workplace: Workplace;
let gateway: Running & { readonly url: string };
let authorization: string;
const clients: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  workplace = createWorkplace();
  workplace.write('mcp.json', CONFIG);
  gateway = await workplace.serve(['--config', 'mcp.json'], { LOG_LEVEL: 'debug' });
  authorization = `Bearer ${await workplace.token()}`;
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await Promise.all(clients.splice(0).map((client) => client.close().catch(() => undefined)));
  await workplace.clear();
});

interface Caller {
  names(): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>): Promise<string>;
}

const requestInit = () => ({ headers: { authorization } });

async function modern(path = '/mcp'): Promise<Caller> {
  const client = new ModernClient(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new ModernHttp(new URL(gateway.url + path), { requestInit: requestInit() }));
  return callerOf(client);
}

async function legacy(path = '/mcp'): Promise<Caller> {
  const client = new LegacyClient(INFO);
  const transport = new StreamableHTTPClientTransport(new URL(gateway.url + path), { requestInit: requestInit() });
  await client.connect(transport);
  return callerOf(client);
}

async function sse(path = '/sse'): Promise<Caller> {
  const client = new LegacyClient(INFO);
  await client.connect(new SSEClientTransport(new URL(gateway.url + path), { requestInit: requestInit() }));
  return callerOf(client);
}

async function ws(path = '/ws'): Promise<Caller> {
  const headers = { authorization };
  // The SDK's transport opens the global one, which in browsers can send no headers.
  class Authorized extends WebSocket {
    constructor(url: string, protocol: string) {
      super(url, protocol, { headers });
    }
  }
  vi.stubGlobal('WebSocket', Authorized);
  const client = new LegacyClient(INFO);
  await client.connect(new WebSocketClientTransport(new URL(gateway.url.replace('http', 'ws') + path)));
  return callerOf(client);
}

function callerOf(client: ModernClient | LegacyClient): Caller {
  clients.push(client);
  return {
    names: async () => (await client.listTools()).tools.map((tool) => tool.name),
    async call(name, args = {}) {
      const { content } = await client.callTool({ name, arguments: args });
      return (content as { text: string }[])[0]?.text ?? '';
    },
  };
}

async function rest(path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const headers = { authorization, 'content-type': 'application/json' };
  const response = await fetch(gateway.url + path, { ...init, headers });
  return { status: response.status, body: await response.json() };
}

/** Upstreams connect in the background. */
async function connected(client: Caller): Promise<void> {
  await expect.poll(() => client.names(), { timeout: 10_000 }).toContain('fixture-echo');
}

describe('the gateway', () => {
  it('serves clients of every era and transport, whatever is wrong with other upstreams', async () => {
    await gateway.saw(/server .{0,2}nonsense.{0,2}: there is no key/);
    const all = [
      await modern(),
      await modern('/v1/mcp'),
      await legacy(),
      await sse(),
      await sse('/v1/sse'),
      await ws(),
      await ws('/v1/ws'),
    ];
    for (const client of all) {
      await connected(client);
      expect(await client.call('fixture-echo', { text: 'hello' })).toBe('hello');
    }
    const { body } = await rest('/rpc', { jsonrpc: '2.0', id: 7, method: 'fixture-echo', params: { text: 'hello' } });
    expect(body).toMatchObject({ id: 7, result: { content: [{ type: 'text', text: 'hello' }] } });
  });

  it('says in its log what became of each upstream', async () => {
    await gateway.saw(/"upstream":"fixture","era":"legacy",.*connected/);
    await gateway.saw(/"upstream":"broken","reason":"Cannot start .{0,2}no-such-program/);
  });

  it('gives upstreams nothing of its own environment', async () => {
    const client = await modern();
    await connected(client);
    expect(await client.call('fixture-env', { name: 'LOG_LEVEL' })).toBe('unset');
  });

  it('registers what the file says again at the next start, without registering it twice', async () => {
    const before = await rest('/gateways');
    gateway.child.kill('SIGTERM');
    await gateway.exit;
    gateway = await workplace.serve(['--config', 'mcp.json']);
    const after = await rest('/gateways');
    const shape = ({ body }: { body: unknown }) =>
      (body as { id: string; name: string }[]).map(({ id, name }) => ({ id, name }));
    expect(shape(after)).toEqual(shape(before));
    expect(shape(after).map(({ name }) => name)).toEqual(['fixture', 'broken', 'asleep']);
  });

  it('opens nothing but its server to a token that is bound to one', async () => {
    await connected(await modern());
    const [upstream] = (await rest('/gateways')).body as { id: string }[];
    const made = await rest('/servers', { server: { name: 'one', associated_gateways: [], associated_tools: [] } });
    expect(made.status, JSON.stringify(made.body)).toBeLessThan(300);
    expect(upstream).toBeDefined();
    const { id } = made.body as { id: string };
    authorization = `Bearer ${await workplace.token('--server', id)}`;
    expect(await (await modern(`/servers/${id}/mcp`)).names()).toEqual([]);
    await expect(modern('/mcp')).rejects.toThrow();
    await expect(legacy('/servers/another/mcp')).rejects.toThrow();
    await expect(sse('/sse')).rejects.toThrow();
    expect(await (await ws(`/servers/${id}/ws`)).names()).toEqual([]);
    for (const path of ['/ws', '/servers/another/ws']) await expect(ws(path)).rejects.toThrow('403');
    expect((await rest('/gateways')).status).toBe(403);
    expect(
      (await rest('/rpc', { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { server_id: 'another' } })).status,
    ).toBe(403);
  });

  it('knows nobody without a token, and tells web pages from elsewhere nothing', async () => {
    authorization = 'Bearer nonsense';
    await expect(modern()).rejects.toThrow();
    expect((await rest('/gateways')).status).toBe(401);
    for (const path of ['/mcp', '/sse', '/health', '/gateways']) {
      const response = await fetch(gateway.url + path, { headers: { origin: 'https://evil.example' } });
      expect([path, response.status, response.headers.get('access-control-allow-origin')]).toEqual([path, 403, null]);
    }
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200);
  });
});

describe('the end', () => {
  it.each([
    ['2026-07-28', modern],
    ['2025-11-25', legacy],
    ['2024-11-05', sse],
    ['WebSocket', ws],
  ])('waits for a call in flight of a client of %s, and leaves no process behind', async (_, connect) => {
    const client = await connect();
    await connected(client);
    const pid = Number(await client.call('fixture-pid'));
    const call = client.call('fixture-sleep', { ms: 700 });
    await gateway.saw(/sleeping 700/);
    gateway.child.kill('SIGTERM');
    expect(await call).toBe('slept 700');
    const { code, stderr } = await gateway.exit;
    expect(code, stderr).toBe(0);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('comes at once with the second signal', async () => {
    const client = await modern();
    await connected(client);
    const call = client.call('fixture-sleep', { ms: 60_000 }).catch(() => 'cut');
    await gateway.saw(/sleeping 60000/);
    gateway.child.kill('SIGTERM');
    await gateway.saw(/"ending"/);
    gateway.child.kill('SIGTERM');
    expect((await gateway.exit).code).toBe(1);
    expect(await call).toBe('cut');
  });
});
