/** @module The acceptance list, numbers 10, 12 and 13: secrets, configuration files, and who may come in. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STDIO_SERVER } from '@forge/testkit';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { descendants, killLaunched, launch, openSession, post, residentMb, runs, scripted } from './launch.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'translate-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(killLaunched);

const FIXTURE = ['--', STDIO_SERVER.command, ...STDIO_SERVER.args];
const FREE = ['--port', '0'];

let files = 0;
function file(text: string): string {
  files += 1;
  const path = join(folder, `mcp-${files}.json`);
  writeFileSync(path, text);
  return path;
}

describe('10: secrets', () => {
  it('are not in what is said, and all that is said is on standard error', async () => {
    const environment = { ...process.env, FORGE_API_KEY: 'key-of-the-door' };
    const args = ['--logLevel', 'debug', '--env', 'TOKEN=token-of-the-child', '--header-to-env', 'X-Token=OWN'];
    const translate = launch([...FREE, ...args, ...FIXTURE, '--password', 'typed-secret'], environment);
    const url = await translate.mcpUrl();
    const headers = { authorization: 'Bearer key-of-the-door', 'x-token': 'token-of-the-client' };
    const session = await openSession(url, {}, headers);
    expect(await session.call('env', { name: 'TOKEN' })).toBe('token-of-the-child');
    expect(await session.call('env', { name: 'OWN' })).toBe('token-of-the-client');
    expect(await session.call('env', { name: 'FORGE_API_KEY' })).toBe('unset');
    await session.call('crash');
    await translate.saw(/the disk is on fire/);
    translate.child.kill('SIGTERM');
    const { stdout, stderr } = await translate.exit;
    expect(stdout).toBe('');
    expect(stderr).not.toMatch(/key-of-the-door|token-of-the-child|token-of-the-client|typed-secret/);
  });

  it('and nothing else are kept for somebody who does not read standard error', async () => {
    const flood = `flood: ({ lines }) => { for (let n = 0; n < lines; n += 1) console.error('x'.repeat(1000)); return 'done'; }`;
    const translate = launch([...FREE, '--', process.execPath, ...scripted(flood)]);
    const session = await openSession(await translate.mcpUrl());
    translate.child.stderr?.pause();
    await session.call('flood', { lines: 3000 });
    const before = residentMb(translate.pid);
    for (let time = 0; time < 20; time += 1) expect(await session.call('flood', { lines: 3000 })).toBe('done');
    expect(residentMb(translate.pid) - before).toBeLessThan(30);
    const exited = once(translate.child, 'exit');
    translate.child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  it('are left out by --print-config', async () => {
    const path = file(
      JSON.stringify({
        mcpServers: {
          git: { command: 'uvx', args: ['git', '--token=typed-secret'], env: { TOKEN: 'typed-secret' } },
          web: { url: 'https://u:typed-secret@example.com/mcp?k=typed-secret', headers: { A: 'typed-secret' } },
        },
      }),
    );
    const { code, stdout, stderr } = await launch(['--config', path, '--api-key', 'typed-secret', '--print-config'])
      .exit;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('typed-secret');
    expect(JSON.parse(stdout)).toMatchObject({
      mcpServers: { git: { command: 'uvx', args: ['git', '--token=[secret]'], env: { TOKEN: '[secret]' } } },
      apiKeys: ['[secret]'],
    });
  });

  it('that clients send reach a child of their own alone', async () => {
    const translate = launch([...FREE, '--header-to-env', 'X-Token=TOKEN', '--enable-dynamic-env', ...FIXTURE]);
    const url = await translate.mcpUrl();
    const open = (token: string) => openSession(url, {}, { 'x-token': token });
    const sessions = await Promise.all([open('of-one'), open('of-other'), open('of-one'), openSession(url)]);
    const tokens = await Promise.all(sessions.map((session) => session.call('env', { name: 'TOKEN' })));
    expect(tokens).toEqual(['of-one', 'of-other', 'of-one', 'unset']);
    const pids = await Promise.all(sessions.map((session) => session.call('pid')));
    expect(pids[0]).toBe(pids[2]);
    expect(new Set(pids).size).toBe(3);
    const [one] = sessions;
    const stolen = { ...one?.headers, 'x-token': 'of-other' };
    expect((await post(url, stolen, { id: 1, method: 'tools/list' })).status).toBe(404);
    translate.child.kill('SIGTERM');
    expect((await translate.exit).code).toBe(0);
    expect(pids.map(Number).filter(runs)).toEqual([]);
  });

  it('that clients send start no more children than --max-children', async () => {
    const args = ['--header-to-env', 'X-Token=TOKEN', '--max-children', '2'];
    const translate = launch([...FREE, ...args, ...FIXTURE]);
    const url = await translate.mcpUrl();
    for (let index = 0; index < 6; index += 1) {
      const session = await openSession(url, {}, { 'x-token': `t${index}` });
      expect(await session.call('env', { name: 'TOKEN' })).toBe(`t${index}`);
    }
    // The first child, two of clients, and the keeper.
    await expect.poll(() => descendants(translate.pid).length, { timeout: 5000 }).toBeLessThanOrEqual(4);
  });
});

describe('12: a configuration file', () => {
  it('of any client is served as it is, each server at its name; a bad one is told with its place', async () => {
    const { command, args } = STDIO_SERVER;
    const path = file(`// of a desktop client
{
  "globalShortcut": "",
  "mcpServers": {
    "one": ${JSON.stringify({ command, args, env: { NAME: 'one' }, alwaysAllow: ['echo'] })},
    "two words": ${JSON.stringify({ command, args, env: { NAME: '${SET:-two}' } })},
    "off": { "command": "no-such-program", "disabled": true },
    "typo": { "comand": "node" },
    "broken": { "command": "no-such-program" }, // started, and found missing
  },
}`);
    const translate = launch([...FREE, '--config', path]);
    for (const name of ['one', 'two%20words']) {
      const session = await openSession(await translate.mcpUrl(name));
      expect(await session.call('env', { name: 'NAME' })).toBe(name.slice(0, 3));
    }
    const { stderr } = translate.output;
    expect(stderr).toContain(`${path}:8:13: server "typo": there is no key "comand". Did you mean command?`);
    expect(stderr).toContain('broken: Cannot start "no-such-program": no such program (ENOENT)');
    expect(stderr).not.toContain('off/mcp');
  });

  it.each([
    ['{ "mcpServers": { "a": { "command": "node" } } }', 0, /^a: node\n$/],
    ['{ "mcpServers": { "a": { "command": "node" }, "b": {} } }', 1, /1:52: server "b": it has neither/],
    ['{ "mcpServers": { "a": { "command": "node" }', 1, /1:45: expected/],
    ['{ "mcpServer": {} }', 1, /Did you mean mcpServers\?/],
  ])('%s is checked by --check-config, with exit code %i', async (text, code, said) => {
    const done = await launch(['--config', file(text), '--check-config']).exit;
    expect(done.code).toBe(code);
    expect(code === 0 ? done.stdout : done.stderr).toMatch(said);
  });
});

describe('13: an address that others reach', () => {
  it.each(['0.0.0.0', '::', 'example.com'])('%s is refused while nobody is asked who they are', async (host) => {
    const { code, stderr } = await launch([...FREE, '--host', host, ...FIXTURE]).exit;
    expect(code).toBe(1);
    expect(stderr).toContain('--insecure-no-auth');
  });

  it('is served with --insecure-no-auth, which is said aloud', async () => {
    const translate = launch([...FREE, '--host', '0.0.0.0', '--insecure-no-auth', ...FIXTURE]);
    const session = await openSession(await translate.mcpUrl());
    expect(await session.call('echo', { text: 'hello' })).toBe('hello');
    expect(translate.output.stderr).toContain('Whoever reaches 0.0.0.0 may use this');
  });

  it('is served to those who have a key, and sessions belong to a key', async () => {
    const keys = ['--api-key', 'first-key', '--api-key', 'second-key'];
    const translate = launch([...FREE, '--host', '0.0.0.0', ...keys, ...FIXTURE]);
    const url = await translate.mcpUrl();
    const wrong: Record<string, string>[] = [{}, { authorization: 'Bearer wrong-key' }, { 'x-api-key': 'wrong-key' }];
    for (const headers of wrong) {
      const refused = await post(url, headers, { id: 1, method: 'tools/list' });
      expect(refused.status).toBe(401);
      expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    }
    const sse = await fetch(await translate.sseUrl(), { headers: { accept: 'text/event-stream' } });
    expect(sse.status).toBe(401);
    const session = await openSession(url, {}, { 'x-api-key': 'first-key' });
    expect(await session.call('echo', { text: 'hello' })).toBe('hello');
    const other = { ...session.headers, 'x-api-key': 'second-key' };
    expect((await post(url, other, { id: 1, method: 'tools/list' })).status).toBe(404);
  });

  it('of a web page or by another name is refused on loopback', async () => {
    const url = await launch([...FREE, ...FIXTURE]).mcpUrl();
    const evil = { origin: 'https://evil.example.com' };
    expect((await post(url, evil, { id: 1, method: 'tools/list' })).status).toBe(403);
    const { hostname, port, pathname: path } = new URL(url);
    const rebound = new Promise((resolve, reject) => {
      const headers = { host: `evil.example.com:${port}`, accept: 'text/event-stream' };
      get({ hostname, port, path, headers }, (res) => resolve(res.resume().statusCode)).on('error', reject);
    });
    expect(await rebound).toBe(403);
  });

  it('can be https', async () => {
    const key = join(folder, 'key.pem');
    const cert = join(folder, 'cert.pem');
    const subject = [
      '-subj',
      '/CN=localhost',
      '-days',
      '1',
      '-nodes',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
    ];
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const url = await launch([...FREE, '--tls-cert', cert, '--tls-key', key, ...FIXTURE]).mcpUrl();
    expect(url).toMatch(/^https:/);
    const status = await new Promise((resolve, reject) => {
      const health = new URL('/healthz', url);
      request(health, { rejectUnauthorized: false }, (res) => resolve(res.resume().statusCode))
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });
});

describe('a server elsewhere', () => {
  it.each([
    ['--connect-streamable-http', 'mcpUrl'],
    ['--connect-sse', 'sseUrl'],
  ] as const)('%s is served here, with our credentials for it and not those of clients', async (flag, url) => {
    const away = launch([...FREE, '--api-key', 'key-of-the-other', ...FIXTURE]);
    const token = ['--oauth2Bearer', '${THEIR_KEY}'];
    const environment = { ...process.env, THEIR_KEY: 'key-of-the-other' };
    const here = launch([...FREE, flag, await away[url](), ...token], environment);
    const session = await openSession(await here.mcpUrl(), {}, { authorization: 'Bearer of-the-client' });
    expect(await session.call('echo', { text: 'hello' })).toBe('hello');
    expect(here.output.stderr).not.toContain('key-of-the-other');
  });

  it('that is not there is told in a sentence', async () => {
    const { code, stderr } = await launch([...FREE, '--connect-streamable-http', 'http://127.0.0.1:9/mcp']).exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^forge-translate: .+\n$/);
  });
});

it('logs lines of JSON when asked to', async () => {
  const translate = launch([...FREE, '--log-format', 'json', ...FIXTURE]);
  const line = await translate.saw(/^.*"Serving".*$/m);
  expect(JSON.parse(line)).toMatchObject({
    level: 'info',
    protocolVersion: '2025-06-18',
    mcpUrl: expect.stringMatching(/\/mcp$/) as string,
  });
});
