/** @module `install` and `uninstall` as people run them, in a home of their own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, folder } from '../wrapper.fixture.ts';
import { CLIENTS, clientConfig } from './clients.ts';

const URL_FLAG = ['--url', 'http://127.0.0.1:4444/servers/x/mcp'];

async function run(home: string, ...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { HOME: home, PATH: process.env['PATH'] };
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

const configIn = (home: string, client: (typeof CLIENTS)[number]) =>
  clientConfig(client, { platform: process.platform, home, env: {} });

const write = (path: string, text: string, mode = 0o600) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
};

describe('install', () => {
  it.each(CLIENTS)('writes a server for %s, and uninstall takes it out', async (client) => {
    const home = folder();
    const { path, root } = configIn(home, client);
    const flags = ['--client', client, '--name', 'mine'];
    const { code, stdout } = await run(
      home,
      'install',
      ...flags,
      ...URL_FLAG,
      '--auth',
      'Bearer s3cr3t',
      '--header',
      'X-Team: blue',
    );
    expect(code).toBe(0);
    const written = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    expect(written).toMatchObject({
      [root]: {
        mine: {
          command: 'npx',
          args: ['-y', '@forge/wrapper', ...URL_FLAG, '--header', 'X-Team:${MCP_HEADER_1}'],
          env: { MCP_AUTH: 'Bearer s3cr3t', MCP_HEADER_1: 'blue' },
        },
      },
    });
    expect(stdout).toMatch(/^\+ .*"MCP_AUTH": "\[secret\]"/m);
    expect(stdout).not.toContain('s3cr3t');
    const removal = await run(home, 'uninstall', ...flags);
    expect(removal.stdout).not.toContain('s3cr3t');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ [root]: {} });
  });

  it('shows the change, keeps the old file, its rights and the link to it', async () => {
    const home = folder();
    const { path } = configIn(home, 'cursor');
    const real = join(home, 'dotfiles', 'mcp.json');
    const before = '{\n  // mine\n  "mcpServers": { "other": { "command": "x" } }\n}\n';
    write(real, before, 0o640);
    mkdirSync(dirname(path));
    symlinkSync(real, path);
    const { stdout } = await run(home, 'install', '--client', 'cursor', ...URL_FLAG);
    expect(stdout).toMatch(/^\+ .*"127-0-0-1": \{$/m);
    expect(stdout).not.toContain('// mine');
    expect(readFileSync(real, 'utf8')).toContain('// mine');
    expect(readFileSync(`${real}.backup`, 'utf8')).toBe(before);
    expect(statSync(real).mode & 0o777).toBe(0o640);
    await run(home, 'install', '--client', 'cursor', ...URL_FLAG, '--name', 'second');
    expect(readFileSync(`${real}.backup`, 'utf8')).toBe(before);
    expect(existsSync(`${real}.backup-1`)).toBe(true);
  });

  it('only shows it with --dry-run, and says when there is nothing to do', async () => {
    const home = folder();
    const { path } = configIn(home, 'vscode');
    const { stdout } = await run(home, 'install', '--client', 'vscode', ...URL_FLAG, '--dry-run');
    expect(stdout).toContain('"command": "npx"');
    expect(existsSync(path)).toBe(false);
    await run(home, 'install', '--client', 'vscode', ...URL_FLAG);
    expect((await run(home, 'install', '--client', 'vscode', ...URL_FLAG)).stdout).toContain('has this server already');
    expect((await run(home, 'uninstall', '--client', 'vscode', '--name', 'x')).stdout).toContain('has no server "x"');
  });

  it('leaves a file alone that it cannot read', async () => {
    const home = folder();
    const { path } = configIn(home, 'claude-code');
    write(path, '{ "mcpServers": { ');
    const { code, stderr } = await run(home, 'install', '--client', 'claude-code', ...URL_FLAG);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('is no valid JSON') as string });
    expect(readFileSync(path, 'utf8')).toBe('{ "mcpServers": { ');
  });

  it.each([
    [['--client', 'emacs'], '--client must be one of'],
    [URL_FLAG, 'Which client?'],
    [['--client', 'cursor'], 'Which server?'],
  ])('%j ends with code 2: %s', async (flags, message) => {
    const { code, stderr } = await run(folder(), 'install', ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
