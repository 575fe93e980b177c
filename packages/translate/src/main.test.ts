/** @module The command as people start it: a process of its own, from `bin`. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { STDIO_SERVER } from '@forge/testkit';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, it } from 'vitest';
import { killLaunched, launch } from './launch.fixture.ts';

afterEach(killLaunched);

const FIXTURE = ['--', STDIO_SERVER.command, ...STDIO_SERVER.args];
const serve = (...args: string[]) => launch(['--port', '0', ...args, ...FIXTURE]);

async function connect(url: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

describe('forge-translate', () => {
  it('says what it found and where it is, and ends with exit code 0 and without the child', async () => {
    const { child, exit, saw } = serve();
    const client = await connect(await saw(/^HTTP +(\S+)$/m));
    const { content } = await client.callTool({ name: 'pid', arguments: {} });
    const pid = Number((content as { text: string }[])[0]?.text);
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await exit;
    expect(code).toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toContain('Server   fixture 1.0.0, MCP 2025-06-18 (legacy)');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('lets a call in flight finish before it ends', async () => {
    const { child, exit, saw } = serve();
    const client = await connect(await saw(/^HTTP +(\S+)$/m));
    const call = client.callTool({ name: 'sleep', arguments: { ms: 400 } });
    await saw(/sleeping 400/);
    child.kill('SIGINT');
    expect(await call).toMatchObject({ content: [{ text: 'slept 400' }] });
    expect((await exit).code).toBe(0);
  });

  it('ends at once with the second signal', async () => {
    const { child, exit, saw } = serve();
    const client = await connect(await saw(/^HTTP +(\S+)$/m));
    const call = client.callTool({ name: 'sleep', arguments: { ms: 60_000 } }).catch(() => 'cut');
    await saw(/sleeping 60000/);
    child.kill('SIGTERM');
    await expect.poll(() => fetchFails(saw)).toBe(true);
    child.kill('SIGTERM');
    expect((await exit).code).toBe(1);
    expect(await call).toBe('cut');
  });

  it('says in one sentence why it cannot start', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const port = String((taken.address() as AddressInfo).port);
    const { code, stderr } = await launch(['--port', port, ...FIXTURE]).exit;
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^forge-translate: The port is in use\. .*\n$/m);
  });

  it.each([
    [['--host', '0.0.0.0', '--stdio', 'node'], 1, 'add --insecure-no-auth'],
    [['--grpc', '127.0.0.1:1'], 1, 'ECONNREFUSED'],
    [['--config', '/no/such/file'], 2, 'cannot be read'],
    [['--stdio', 'no-such-program'], 1, 'Cannot start "no-such-program": no such program (ENOENT)'],
    [['--stdoi', 'node'], 2, 'Did you mean --stdio?'],
    [[], 2, 'Which server?'],
  ])('%j ends with code %i: %s', async (args, code, message) => {
    const { exit } = launch(args);
    expect(await exit).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) as string });
  });

  it('prints its version and its help on standard output', async () => {
    expect((await launch(['--version']).exit).stdout).toMatch(/^forge-translate \d+\.\d+\.\d+, Node \d+/);
    const { code, stdout } = await launch(['--help']).exit;
    expect(code).toBe(0);
    expect(stdout).toContain('Usage: forge-translate [flags] [-- COMMAND [ARG...]]');
  });
});

/** Whether the port has been closed. */
async function fetchFails(saw: (pattern: RegExp) => Promise<string>): Promise<boolean> {
  const url = await saw(/^HTTP +(\S+)$/m);
  return fetch(url.replace('/mcp', '/healthz')).then(
    () => false,
    () => true,
  );
}
