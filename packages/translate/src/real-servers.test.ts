/** @module The acceptance list, number 11: servers of others, started as people start them, and the official clients of both eras. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  ListRootsRequestSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTranslate, type Translate } from './create-translate.ts';

const INFO = { name: 'test', version: '0' };
const cwd = fileURLToPath(new URL('..', import.meta.url));
const ends: (() => Promise<unknown>)[] = [];

afterAll(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

/** What `npx NAME ARGS` starts, from this package's own dependencies. */
async function serveNpx(name: string, ...args: string[]): Promise<{ mcpUrl: URL; sseUrl: URL; translate: Translate }> {
  const server = { command: 'npx', args: ['--no-install', name, ...args], cwd };
  const translate = await createTranslate({ servers: [server], port: 0 });
  ends.push(() => translate.close());
  const { mcpUrl = '', sseUrl = '' } = translate.servers[0] ?? {};
  return { mcpUrl: new URL(mcpUrl), sseUrl: new URL(sseUrl), translate };
}

function textOf(result: unknown): string {
  const { content } = result as { content: { text?: string }[] };
  return content.map(({ text = '' }) => text).join('\n');
}

describe('server-everything', () => {
  let mcpUrl: URL;
  let sseUrl: URL;
  beforeAll(async () => {
    ({ mcpUrl, sseUrl } = await serveNpx('@modelcontextprotocol/server-everything'));
  }, 60_000);

  describe.each([
    ['Streamable HTTP', () => new StreamableHTTPClientTransport(mcpUrl)],
    ['HTTP+SSE', () => new SSEClientTransport(sseUrl)],
  ])('for a client of SDK v1 over %s', (_, transport) => {
    const capabilities = { sampling: {}, elicitation: {}, roots: { listChanged: true } };
    const client = new LegacyClient(INFO, { capabilities });
    let roots = [{ uri: 'file:///work', name: 'work' }];
    beforeAll(async () => {
      client.setRequestHandler(CreateMessageRequestSchema, ({ params }) => ({
        model: 'a model',
        role: 'assistant' as const,
        content: { type: 'text' as const, text: `sampled: ${JSON.stringify(params.messages[0]?.content)}` },
      }));
      client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept' as const, content: { name: 'Ada' } }));
      client.setRequestHandler(ListRootsRequestSchema, () => ({ roots }));
      await client.connect(transport());
      ends.push(() => client.close());
    }, 60_000);

    it('has tools, prompts and resources', async () => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toEqual(expect.arrayContaining(['echo', 'trigger-sampling-request']));
      expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
      const { resources } = await client.listResources();
      expect((await client.readResource({ uri: resources[0]?.uri ?? '' })).contents.length).toBe(1);
      expect(textOf(await client.callTool({ name: 'echo', arguments: { message: 'hello' } }))).toContain('hello');
    });

    it('tells its progress', async () => {
      const progress: number[] = [];
      const params = { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } };
      await client.callTool(params, undefined, { onprogress: (it) => progress.push(it.progress) });
      expect(progress.slice(0, 3)).toEqual([1, 2, 3]); // a client may drop the last one, which comes with the answer
    });

    it('samples by the client', async () => {
      const params = { name: 'trigger-sampling-request', arguments: { prompt: 'a question', maxTokens: 10 } };
      expect(textOf(await client.callTool(params))).toMatch(/sampled: .*a question/s);
    });

    it('elicits from the user', async () => {
      expect(textOf(await client.callTool({ name: 'trigger-elicitation-request', arguments: {} }))).toContain('Ada');
    });

    it('sees the roots', async () => {
      expect(textOf(await client.callTool({ name: 'get-roots-list', arguments: {} }))).toContain('file:///work');
    });

    it('sees roots that change', async () => {
      roots = [{ uri: 'file:///play', name: 'play' }];
      await client.sendRootsListChanged();
      const list = async () => textOf(await client.callTool({ name: 'get-roots-list', arguments: {} }));
      await expect.poll(list, { timeout: 5000 }).toContain('file:///play');
    });
  });

  it('for a client of SDK v1 that cannot be asked has no tool that asks', async () => {
    const client = new LegacyClient(INFO);
    await client.connect(new StreamableHTTPClientTransport(mcpUrl));
    ends.push(() => client.close());
    const names = (await client.listTools()).tools.map(({ name }) => name);
    expect(names).toContain('echo');
    expect(names).not.toContain('trigger-sampling-request');
  });

  it('tells a client of SDK v1 of resources that change', { timeout: 30_000 }, async () => {
    const client = new LegacyClient(INFO);
    const updated = new Promise<string>((resolve) =>
      client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri)),
    );
    await client.connect(new StreamableHTTPClientTransport(mcpUrl));
    ends.push(() => client.close());
    const uri = 'demo://resource/dynamic/text/1';
    await client.subscribeResource({ uri });
    await client.callTool({ name: 'toggle-subscriber-updates', arguments: {} });
    expect(await updated).toBe(uri);
  });

  describe('for a client of SDK v2 pinned to 2026-07-28', () => {
    const client = new ModernClient(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    beforeAll(async () => {
      await client.connect(new ModernHttp(mcpUrl));
      ends.push(() => client.close());
    });

    it('has tools, prompts and resources', async () => {
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain('echo');
      expect((await client.listPrompts()).prompts.length).toBeGreaterThan(0);
      const { resources } = await client.listResources();
      expect((await client.readResource({ uri: resources[0]?.uri ?? '' })).contents.length).toBe(1);
      expect(textOf(await client.callTool({ name: 'get-sum', arguments: { a: 20, b: 22 } }))).toContain('42');
    });

    it('has structured content that fits its schema', async () => {
      const params = { name: 'get-structured-content', arguments: { location: 'Chicago' } };
      expect((await client.callTool(params)).structuredContent).toMatchObject({
        conditions: expect.any(String) as string,
      });
    });

    it('tells its progress', async () => {
      const progress: number[] = [];
      const params = { name: 'trigger-long-running-operation', arguments: { duration: 1, steps: 4 } };
      await client.callTool(params, { onprogress: (it) => progress.push(it.progress) });
      expect(progress.slice(0, 3)).toEqual([1, 2, 3]); // a client may drop the last one, which comes with the answer
    });
  });
});

describe('server-filesystem', () => {
  it('reads and writes for clients of both eras', { timeout: 60_000 }, async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'translate-fs-')));
    ends.push(async () => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'a.txt'), 'written before: é€😀');
    const { mcpUrl, translate } = await serveNpx('@modelcontextprotocol/server-filesystem', folder);
    expect(translate.servers[0]?.tools).toContain('read_text_file');
    const legacy = new LegacyClient(INFO);
    await legacy.connect(new StreamableHTTPClientTransport(mcpUrl));
    const modern = new ModernClient(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await modern.connect(new ModernHttp(mcpUrl));
    ends.push(
      () => legacy.close(),
      () => modern.close(),
    );
    const path = join(folder, 'b.txt');
    await legacy.callTool({ name: 'write_file', arguments: { path, content: 'of the legacy client' } });
    const read = async (path: string) => textOf(await modern.callTool({ name: 'read_text_file', arguments: { path } }));
    expect(await read(path)).toBe('of the legacy client');
    expect(await read(join(folder, 'a.txt'))).toBe('written before: é€😀');
    const outside = await modern.callTool({ name: 'read_text_file', arguments: { path: '/etc/passwd' } });
    expect(outside.isError).toBe(true);
  });
});
