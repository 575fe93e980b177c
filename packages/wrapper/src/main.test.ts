/** @module The command as desktop clients start it: a process of its own, from `bin`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Speech, TestUpstream } from './upstream.fixture.ts';
import { BIN, modern, TestWrapper } from './wrapper.fixture.ts';

async function upstream(speech: Speech = 'modern'): Promise<TestUpstream> {
  const server = await new TestUpstream(speech).start();
  onTestFinished(() => server.stop());
  return server;
}

const wrap = (server: TestUpstream, ...flags: string[]) => new TestWrapper(['--url', server.url, ...flags]);

describe('a client of the legacy era', () => {
  it.each(['modern', 'legacy', 'sse'] as const)('uses a server that speaks %s', async (speech) => {
    const wrapper = wrap(await upstream(speech));
    expect((await wrapper.initialize()).result).toMatchObject({ protocolVersion: '2025-06-18' });
    expect(await wrapper.said('echo', { text: 'grüß dich' })).toBe('grüß dich');
  });

  it('is asked what a legacy server wants to know', async () => {
    const wrapper = wrap(await upstream('legacy'));
    await wrapper.initialize({ roots: {} });
    const call = wrapper.call('ask');
    const { id } = await wrapper.until(() => wrapper.messages.find(({ method }) => method === 'roots/list'));
    wrapper.child.stdin.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"roots":[]}}\n`);
    expect((await wrapper.answer(call)).result).toMatchObject({ content: [{ text: '{"roots":[]}' }] });
  });
});

describe('a client of the modern era', () => {
  it.each(['modern', 'legacy', 'sse'] as const)('uses a server that speaks %s', async (speech) => {
    const wrapper = wrap(await upstream(speech));
    expect((await wrapper.request('server/discover', modern())).result).toHaveProperty('supportedVersions');
    const call = await wrapper.request('tools/call', modern({ name: 'echo', arguments: { text: 'hello' } }));
    expect(call.result).toMatchObject({ resultType: 'complete', content: [{ text: 'hello' }] });
  });
});

describe('the official clients', () => {
  const launch = (server: TestUpstream) => ({
    command: process.execPath,
    args: [BIN, '--url', server.url],
    stderr: 'ignore' as const,
  });

  it('of the legacy era work', async () => {
    const client = new LegacyClient({ name: 'test', version: '0' });
    await client.connect(new StdioClientTransport(launch(await upstream())));
    onTestFinished(() => client.close());
    expect(await client.callTool({ name: 'echo', arguments: { text: 'a' } })).toMatchObject({
      content: [{ text: 'a' }],
    });
  });

  it('of the modern era work', async () => {
    const client = new ModernClient(
      { name: 'test', version: '0' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } },
    );
    await client.connect(new ModernStdio(launch(await upstream('legacy'))));
    onTestFinished(() => client.close());
    expect(await client.callTool({ name: 'echo', arguments: { text: 'a' } })).toMatchObject({
      content: [{ text: 'a' }],
    });
  });
});

describe('the end', () => {
  it('of stdin lets everything that was written be answered, then it ends with 0', async () => {
    const wrapper = wrap(await upstream());
    wrapper.write('initialize', { protocolVersion: '2025-06-18', capabilities: {} });
    const ids = Array.from({ length: 20 }, (_, n) => wrapper.call('slow', { text: String(n), ms: 300 }));
    wrapper.child.stdin.end();
    expect(await wrapper.exit).toBe(0);
    expect(wrapper.messages).toHaveLength(21);
    for (const id of ids) expect((await wrapper.answer(id)).result).toBeDefined();
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'by %s answers what is in flight once, with an error',
    async (signal) => {
      const server = await upstream();
      const wrapper = wrap(server);
      await wrapper.initialize();
      const call = wrapper.call('slow', { text: 'x', ms: 60_000 });
      await server.called(1);
      wrapper.child.kill(signal);
      expect(await wrapper.exit).toBe(0);
      expect(wrapper.messages.filter(({ id }) => id === call)).toMatchObject([
        { error: { code: expect.any(Number) as number } },
      ]);
    },
  );

  it('by a signal also answers what waits for the server to come up', async () => {
    const server = await upstream();
    await server.stop();
    const wrapper = wrap(server);
    const ids = [
      wrapper.write('initialize', { protocolVersion: '2025-06-18', capabilities: {} }),
      wrapper.call('echo'),
    ];
    await wrapper.until(() => wrapper.stderr.includes('Trying for'));
    wrapper.child.kill('SIGTERM');
    expect(await wrapper.exit).toBe(0);
    expect(wrapper.messages.map(({ id }) => id)).toEqual(ids);
  });

  it('of stdout, which nobody reads any more, ends it', async () => {
    const wrapper = wrap(await upstream());
    await wrapper.initialize();
    wrapper.child.stdout.destroy();
    wrapper.child.stderr.destroy();
    wrapper.call('echo', { text: 'x' });
    await once(wrapper.child, 'exit');
    expect(wrapper.child.exitCode).toBe(0);
  });

  it.each([0, 60_000])('comes when the parent is killed, with a call of %i ms in flight', async (ms) => {
    const server = await upstream();
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ${JSON.stringify([BIN, '--url', server.url])}, { stdio: ['pipe', 'pipe', 'ignore'] });
      child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{}}}\\n');
      child.stdin.write('{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"slow","arguments":{"text":"x","ms":${ms}}}}\\n');
      console.log(child.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    await server.called(1);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(Number(pid)), { timeout: 5000 }).toBe(false);
  });
});

describe('a server that goes away', () => {
  it('under 100 calls costs each of them one error, and none is sent again', async () => {
    const server = await upstream();
    const wrapper = wrap(server);
    await wrapper.initialize();
    const ids = Array.from({ length: 100 }, (_, n) => wrapper.call('slow', { text: String(n), ms: 60_000 }));
    await server.called(100);
    await server.stop();
    await server.start();
    for (const id of ids) expect((await wrapper.answer(id)).error?.data?.code).toBe('outcome_unknown');
    expect(await wrapper.said('echo', { text: 'again' })).toBe('again');
    expect(server.calls).toHaveLength(101);
    expect(new Set(server.calls).size).toBe(101);
    const answered = wrapper.messages.map(({ id }) => id).filter((id) => id !== undefined);
    expect(new Set(answered).size).toBe(answered.length);
  });

  it.each(['modern', 'legacy', 'sse'] as const)('(%s) costs only the calls made meanwhile', async (speech) => {
    const server = await upstream(speech);
    const wrapper = wrap(server);
    await wrapper.initialize();
    await server.stop();
    expect(await wrapper.said('echo', { text: 'lost' })).toMatch(/cannot be reached|connection was lost|ended|reset/i);
    await server.start();
    await expect.poll(() => wrapper.said('echo', { text: 'back' })).toBe('back');
    expect(server.calls.filter((text) => text === 'lost')).toEqual([]);
  });

  it('and forgets its sessions notices nobody: the call is made in a new one', async () => {
    const server = await upstream('legacy');
    const wrapper = wrap(server);
    await wrapper.initialize();
    server.sessions.clear();
    expect(await wrapper.said('echo', { text: 'once' })).toBe('once');
    expect(server.calls).toEqual(['once']);
  });

  it('before the start is waited for', async () => {
    const server = await upstream();
    await server.stop();
    const wrapper = wrap(server);
    const opening = wrapper.initialize();
    await wrapper.until(() => wrapper.stderr.includes('Trying for 30 s'));
    await server.start();
    expect((await opening).result).toBeDefined();
  });

  it('for good is named in the answer to initialize, and used when it comes after all', async () => {
    const server = await upstream();
    await server.stop();
    const wrapper = wrap(server, '--connect-timeout', '1');
    expect((await wrapper.initialize()).error?.message).toMatch(/127\.0\.0\.1:\d+ cannot be used: .*ECONNREFUSED/);
    await server.start();
    expect((await wrapper.initialize()).result).toBeDefined();
  });
});

describe('messages', () => {
  it('of 10 MB pass in both directions', async () => {
    const wrapper = wrap(await upstream());
    await wrapper.initialize();
    const text = 'ä'.repeat(5_000_000);
    expect((await wrapper.said('echo', { text })) === text).toBe(true);
  });

  it('may come in pieces that cut characters, among lines that are none', async () => {
    const wrapper = wrap(await upstream());
    await wrapper.initialize();
    wrapper.child.stdin.write('Debugger attached.\n\n[INFO] hello\n');
    const line = JSON.stringify({
      jsonrpc: '2.0',
      id: 77,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text: '🦀ü' } },
    });
    for (const byte of Buffer.from(`${line}\r\n`)) {
      wrapper.child.stdin.write(Buffer.of(byte));
      await delay(0);
    }
    expect((await wrapper.answer(77)).result).toMatchObject({ content: [{ text: '🦀ü' }] });
    expect(wrapper.stderr.match(/Skipped/g)).toHaveLength(1);
  });
});

describe('the command line', () => {
  it('hands over credentials, and never shows them', async () => {
    const server = await upstream();
    const env = {
      MCP_SERVER_URL: server.url,
      MCP_AUTH: 'Bearer ${TOKEN}',
      TOKEN: 's3cr3t',
      MCP_WRAPPER_LOG_LEVEL: 'DEBUG',
    };
    const wrapper = new TestWrapper(['--header', 'X-Team: ${TEAM}'], { ...env, TEAM: 'blue' });
    await wrapper.initialize();
    expect(server.headers[0]).toMatchObject({ authorization: 'Bearer s3cr3t', 'x-team': 'blue' });
    wrapper.child.stdin.end();
    await wrapper.exit;
    expect(wrapper.stderr).toContain('Connected to');
    expect(wrapper.stderr).not.toContain('s3cr3t');
  });

  it('can silence the log', async () => {
    const wrapper = new TestWrapper(['--url', (await upstream()).url], { MCP_WRAPPER_LOG_LEVEL: 'OFF' });
    await wrapper.initialize();
    wrapper.child.stdin.end();
    await wrapper.exit;
    expect(wrapper.stderr).toBe('');
  });

  it('can hide tools, from lists and from calls', async () => {
    const wrapper = wrap(await upstream(), '--tools', '*,!s?ow');
    await wrapper.initialize();
    const { result } = await wrapper.request('tools/list');
    expect(result).toMatchObject({ tools: [{ name: 'echo' }, { name: 'ask' }] });
    expect(await wrapper.said('slow')).toBe('Unknown tool: slow');
  });

  it.each([
    [['--urll', 'x'], 2, 'Did you mean --url?'],
    [[], 2, 'Which server?'],
    [['docter'], 2, 'Did you mean doctor?'],
    [['--url', 'http://127.0.0.1:1/mcp', '--header', 'X: ${NOT_SET}'], 2, 'NOT_SET, which is not set'],
    [['--url', 'http://u:hunter2@127.0.0.1/mcp'], 2, 'must not hold a password'],
  ])('%j ends with code %i: %s', async (args, code, message) => {
    const wrapper = new TestWrapper(args);
    expect(await wrapper.exit).toBe(code);
    expect(wrapper.stderr).toContain(message);
    expect(wrapper.messages).toEqual([]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // ESRCH: it has gone
  }
}
