/** @module Logins from end to end: the real command, a real authorization server, a browser that agrees. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TestUpstream } from '../upstream.fixture.ts';
import { TestWrapper } from '../wrapper.fixture.ts';
import { type Authority, startAuthority, withBrowser } from './authority.fixture.ts';
import type { Stored } from './token-store.ts';

async function guarded(): Promise<{ server: TestUpstream; authority: Authority }> {
  const server = await new TestUpstream('modern').start();
  onTestFinished(() => server.stop());
  return { server, authority: await startAuthority(server) };
}

const logins = (opened: string): string[][] =>
  readFileSync(opened, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as string[]);

function tokenFile(env: Readonly<Record<string, string>>): string {
  const folder = env['FORGE_WRAPPER_CONFIG_DIR'] ?? '';
  const [name = expect.fail('no token file'), ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  return join(folder, name);
}

const read = (path: string): Stored => JSON.parse(readFileSync(path, 'utf8')) as Stored;

describe('a server that asks for a login', () => {
  it('gets one in the browser, with PKCE and for this server alone, and its tokens are kept for this user', async () => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    const wrapper = new TestWrapper(['--url', server.url, '--log-level', 'debug'], env);
    expect((await wrapper.initialize()).result).toBeDefined();
    expect(await wrapper.said('echo', { text: 'in' })).toBe('in');
    const [[page = '', ...others] = expect.fail('no login')] = logins(opened);
    expect(others).toEqual([]);
    expect(Object.fromEntries(new URL(page).searchParams)).toMatchObject({
      client_id: 'registered',
      code_challenge_method: 'S256',
      resource: server.url,
      scope: 'mcp',
    });
    expect(authority.tokenRequests[0]?.get('resource')).toBe(server.url);
    const file = tokenFile(env);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    expect(wrapper.stderr).not.toMatch(/access-1|refresh-1|code-0|verifier/);
  });

  it('gets none from the next wrapper, which finds the tokens, nor from one whose tokens can be refreshed', async () => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    await new TestWrapper(['--url', server.url], env).initialize();
    await new TestWrapper(['--url', server.url], env).initialize();
    expect(authority.tokenRequests).toHaveLength(1);
    authority.valid.clear();
    const third = new TestWrapper(['--url', server.url], env);
    expect((await third.initialize()).result).toBeDefined();
    authority.valid.clear();
    expect(authority.log.filter((entry) => entry === 'refresh_token')).toHaveLength(1);
    expect(logins(opened)).toHaveLength(1);
  });

  it('that revokes the token in the middle is answered by a refresh, and no call is lost', async () => {
    const { server, authority } = await guarded();
    const { env } = withBrowser();
    const wrapper = new TestWrapper(['--url', server.url], env);
    await wrapper.initialize();
    authority.valid.clear();
    const said = await Promise.all([1, 2, 3, 4, 5].map((n) => wrapper.said('echo', { text: String(n) })));
    expect(said).toEqual(['1', '2', '3', '4', '5']);
    expect(authority.log.filter((entry) => entry === 'refresh_token')).toHaveLength(1);
    expect(server.calls).toHaveLength(5);
  });

  it('and refuses every token gets one login attempt, not a loop', async () => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    authority.generous = false;
    const wrapper = new TestWrapper(['--url', server.url], env);
    for (let n = 0; n < 5; n += 1) {
      expect((await wrapper.initialize()).error?.message).toContain('did not accept the credential');
    }
    expect(logins(opened)).toHaveLength(1);
    expect(wrapper.stderr).toContain('The last login did not help');
  });

  it('and revokes everything it gave gets one login attempt, and each call made meanwhile its error', async () => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    const wrapper = new TestWrapper(['--url', server.url], env);
    await wrapper.initialize();
    authority.valid.clear();
    authority.refreshable.clear();
    authority.generous = false;
    await new TestWrapper(['--url', server.url], env).initialize();
    expect(logins(opened)).toHaveLength(2);
    const said = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((text) => wrapper.said('echo', { text })));
    expect(said).toEqual(Array(5).fill(expect.stringContaining('did not accept')));
    for (const text of 'fgh') expect(await wrapper.said('echo', { text })).toContain('did not accept');
    expect(server.calls).toEqual([]);
    expect(logins(opened).length).toBeLessThanOrEqual(3);
  });

  it('gets no login because the authorization server is down for a moment', async () => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    const wrapper = new TestWrapper(['--url', server.url], env);
    await wrapper.initialize();
    authority.valid.clear();
    authority.isDown = true;
    for (const text of ['a', 'b']) expect(await wrapper.said('echo', { text })).toContain('did not accept');
    authority.isDown = false;
    expect(await wrapper.said('echo', { text: 'c' })).toBe('c');
    expect(logins(opened)).toHaveLength(1);
  });

  it('sees one refresh of two wrappers that share a file', async () => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    const wrappers = [new TestWrapper(['--url', server.url], env)];
    await wrappers[0]?.initialize();
    wrappers.push(new TestWrapper(['--url', server.url], env));
    await wrappers[1]?.initialize();
    authority.valid.clear();
    const said = await Promise.all(wrappers.map((wrapper, n) => wrapper.said('echo', { text: String(n) })));
    expect(said).toEqual(['0', '1']);
    expect(authority.log.filter((entry) => entry === 'refresh_token')).toHaveLength(1);
    expect(logins(opened)).toHaveLength(1);
  });

  it('opens one window for two wrappers that start together', async () => {
    const { server } = await guarded();
    const { env, opened } = withBrowser();
    const wrappers = [1, 2].map(() => new TestWrapper(['--url', server.url], env));
    for (const { result } of await Promise.all(wrappers.map((wrapper) => wrapper.initialize())))
      expect(result).toBeDefined();
    expect(logins(opened)).toHaveLength(1);
  });

  it('is not waited for longer than the person may take, and the wrapper ends in order meanwhile', async () => {
    const { server } = await guarded();
    const { env, opened } = withBrowser(false);
    const wrapper = new TestWrapper(['--url', server.url, '--auth-timeout', '1'], env);
    expect((await wrapper.initialize()).error?.message).toContain('did not accept the credential');
    expect(wrapper.stderr).toContain('Nobody logged in in time');
    expect((await wrapper.initialize()).error).toBeDefined();
    expect(logins(opened)).toHaveLength(1);
    const second = new TestWrapper(['--url', server.url], env);
    second.write('initialize', { protocolVersion: '2025-06-18', capabilities: {} });
    await second.until(() => second.stderr.includes('wants you to log in'));
    second.child.kill('SIGTERM');
    expect(await second.exit).toBe(0);
    expect(second.messages).toHaveLength(1);
    expect(readdirSync(env['FORGE_WRAPPER_CONFIG_DIR'] ?? '').filter((name) => name.includes('.lock'))).toEqual([]);
  });

  it('takes a lock from a process that has died', async () => {
    const { server } = await guarded();
    const { env } = withBrowser();
    await new TestWrapper(['--url', server.url], env).initialize();
    const file = tokenFile(env);
    writeFileSync(file, '{ broken');
    writeFileSync(`${file}.lock`, '999999999 someone');
    expect((await new TestWrapper(['--url', server.url], env).initialize()).result).toBeDefined();
    expect(read(file).accessToken).toBe('access-2');
  });

  it('can be logged in at with a device code', async () => {
    const { server, authority } = await guarded();
    const { env } = withBrowser();
    authority.devicePolls = 1;
    const wrapper = new TestWrapper(['--url', server.url, '--oauth', 'device'], env);
    expect((await wrapper.initialize()).result).toBeDefined();
    expect(wrapper.stderr).toContain(`open ${authority.origin}/activate and enter the code WDJB-MJHT`);
  });

  it('can be logged in at by the client itself', async () => {
    const { server, authority } = await guarded();
    const { env } = withBrowser();
    const flags = ['--oauth', 'client-credentials', '--client-id', 'robot', '--client-secret', '${SECRET}'];
    const wrapper = new TestWrapper(['--url', server.url, ...flags], { ...env, SECRET: 'hunter2' });
    expect((await wrapper.initialize()).result).toBeDefined();
    expect(authority.log).not.toContain('/register');
    expect(authority.tokenRequests[0]?.get('grant_type')).toBe('client_credentials');
    expect(wrapper.stderr).not.toContain('hunter2');
  });

  it('that knows metadata documents is told the address of ours', async () => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    authority.metadata = { client_id_metadata_document_supported: true };
    const document = 'https://example.com/client.json';
    const wrapper = new TestWrapper(['--url', server.url, '--client-metadata-url', document], env);
    expect((await wrapper.initialize()).result).toBeDefined();
    expect(new URL(logins(opened)[0]?.[0] ?? '').searchParams.get('client_id')).toBe(document);
    expect(authority.log).not.toContain('/register');
  });

  it.each([
    ['an address that a shell would read as a command', { authorization_endpoint: 'file:///bin/sh' }, 'is not https'],
    ['an address that is none', { authorization_endpoint: '$(touch /tmp/x)' }, 'is no URL'],
    ['a page in the clear on another machine', { authorization_endpoint: 'http://example.com/a' }, 'is not https'],
    ['an issuer of another name', { issuer: 'https://evil.example.com' }, 'calls itself by another name'],
    ['no PKCE', { code_challenge_methods_supported: ['plain'] }, 'does not know PKCE'],
  ])('is refused a login when it has %s', async (_, metadata, message) => {
    const { server, authority } = await guarded();
    const { env, opened } = withBrowser();
    authority.metadata = metadata;
    const wrapper = new TestWrapper(['--url', server.url], env);
    expect((await wrapper.initialize()).error).toBeDefined();
    expect(wrapper.stderr).toContain(message);
    expect(() => readFileSync(opened)).toThrow('ENOENT');
    expect(authority.tokenRequests).toEqual([]);
  });

  it('and does not say how to log in is asked for nothing more than it has', async () => {
    const server = await new TestUpstream('modern').start();
    onTestFinished(() => server.stop());
    const { env, opened } = withBrowser();
    server.guard = (req, res) => {
      req.resume();
      res.writeHead(req.url === '/mcp' ? 401 : 404).end();
      return true;
    };
    const wrapper = new TestWrapper(['--url', server.url], env);
    expect((await wrapper.initialize()).error).toBeDefined();
    expect(wrapper.stderr).toContain('The server does not say how to log in. Give a credential as --auth');
    expect(() => readFileSync(opened)).toThrow('ENOENT');
  });

  it('is not logged in at when a credential is given, or logins are off', async () => {
    const { server, authority } = await guarded();
    const { env } = withBrowser();
    for (const flags of [
      ['--auth', 'Bearer x'],
      ['--oauth', 'off'],
    ]) {
      const { error } = await new TestWrapper(['--url', server.url, ...flags], env).initialize();
      expect(error?.message).toContain('did not accept the credential');
    }
    expect(authority.log).toEqual([]);
  });
});
