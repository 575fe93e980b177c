import { STDIO_SERVER } from '@forge/testkit';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterEach, describe, expect, it } from 'vitest';
import { createTranslate, type TranslateOptions, type TranslateServer } from './create-translate.ts';
import type { ChildSpec } from './server-spec.ts';

const INFO = { name: 'test', version: '0' };
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function start(spec: Partial<ChildSpec> = {}, options: Partial<TranslateOptions> = {}): Promise<TranslateServer> {
  const translate = await createTranslate({ servers: [{ ...STDIO_SERVER, ...spec }], port: 0, ...options });
  ends.push(() => translate.close());
  const [server] = translate.servers;
  if (server === undefined) throw new Error('it serves nothing');
  return server;
}

interface Caller {
  call(name: string, args?: Record<string, unknown>): Promise<string>;
}

async function legacyHttp({ mcpUrl = '' }: TranslateServer): Promise<Caller> {
  return legacy(new StreamableHTTPClientTransport(new URL(mcpUrl)));
}

async function legacySse({ sseUrl = '' }: TranslateServer): Promise<Caller> {
  return legacy(new SSEClientTransport(new URL(sseUrl)));
}

async function legacy(transport: StreamableHTTPClientTransport | SSEClientTransport): Promise<Caller> {
  const client = new LegacyClient(INFO);
  await client.connect(transport);
  ends.push(() => client.close());
  return { call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })) };
}

async function modernHttp({ mcpUrl = '' }: TranslateServer): Promise<Caller> {
  const client = new ModernClient(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(new ModernHttp(new URL(mcpUrl)));
  ends.push(() => client.close());
  return { call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })) };
}

function textOf(result: unknown): string {
  return (result as { content: { text: string }[] }).content[0]?.text ?? '';
}

describe('a stdio server on HTTP', () => {
  it('is described by what was found when it was started', async () => {
    const { info, tools } = await start();
    expect(info).toMatchObject({ era: 'legacy', protocolVersion: '2025-06-18', transport: 'stdio' });
    expect(tools).toEqual(['echo', 'sleep', 'crash', 'env', 'pid']);
  });

  it.each([
    ['2025-11-25 over Streamable HTTP', legacyHttp],
    ['2024-11-05 over HTTP+SSE', legacySse],
    ['2026-07-28', modernHttp],
  ])('serves clients of %s', async (_, connect) => {
    const client = await connect(await start());
    expect(await client.call('echo', { text: 'hello' })).toBe('hello');
  });

  it('gives every client its own answers, however many call at once', async () => {
    const translate = await start();
    const clients = await Promise.all(
      [legacyHttp, legacySse, modernHttp, legacyHttp, legacySse, modernHttp].map((connect) => connect(translate)),
    );
    const texts = clients.flatMap((_, client) => Array.from({ length: 20 }, (_, call) => `${client}/${call}`));
    const answers = await Promise.all(
      texts.map(async (text) => clients[Number(text.split('/')[0])]?.call('echo', { text })),
    );
    expect(answers).toEqual(texts);
  });

  it('has the environment in which it was started', async () => {
    const client = await modernHttp(await start({ env: { FLAVOUR: 'vanilla' } }));
    expect(await client.call('env', { name: 'FLAVOUR' })).toBe('vanilla');
  });

  it('that dies ends its calls with the reason, and is started again for the next one', async () => {
    const client = await modernHttp(await start());
    const before = await client.call('pid');
    await expect(client.call('crash')).rejects.toThrow(/exited with code 3[\s\S]*the disk is on fire/);
    const after = await client.call('pid');
    expect(after).not.toBe(before);
  });

  it('can be reached in one of the two ways only', async () => {
    const { mcpUrl, sseUrl } = await start({}, { sse: false });
    expect(sseUrl).toBeUndefined();
    expect((await fetch(mcpUrl?.replace('/mcp', '/sse') ?? '')).status).toBe(404);
  });

  it('answers /healthz', async () => {
    const { mcpUrl } = await start();
    expect(await (await fetch(mcpUrl?.replace('/mcp', '/healthz') ?? '')).text()).toBe('ok');
  });

  it('is closed to web pages from elsewhere, unless they are named', async () => {
    const post = async ({ mcpUrl = '' }: TranslateServer) => {
      const headers = { origin: 'https://app.example.com', 'content-type': 'application/json' };
      return (await fetch(mcpUrl, { method: 'POST', headers, body: '{}' })).status;
    };
    expect(await post(await start())).toBe(403);
    expect(await post(await start({}, { allowedOrigins: ['https://app.example.com'] }))).toBe(400);
  });

  it('leaves no process behind', async () => {
    const pid = Number(await (await legacyHttp(await start())).call('pid'));
    for (const end of ends.splice(0).toReversed()) await end();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

describe('what cannot be served', () => {
  it('is an address that others reach', async () => {
    await expect(start({}, { host: '0.0.0.0' })).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('is a program that is not there', async () => {
    await expect(start({ command: 'no-such-program' })).rejects.toThrow('Cannot start "no-such-program"');
  });

  it('is a program that ends instead of speaking, and it says why', async () => {
    const args = ['-e', 'console.error("no licence"); process.exit(9)'];
    await expect(start({ args })).rejects.toThrow(/exited with code 9[\s\S]*no licence/);
  });
});
