import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, type Gateway, startGateway } from './harness/gateway.ts';
import { claimsOf, forge, signingKey } from './harness/jwt.ts';
import { createScope } from './harness/scope.ts';

const scope = createScope();
const dataDir = `${scope.folder()}/data`;
const PASSWORD = /password +(\S+)/;
let first: Gateway;
let password = '';

beforeAll(async () => {
  first = await startGateway(scope, { dataDir });
  password = PASSWORD.exec(first.process.stderr)?.[1] ?? '';
});
afterAll(() => scope.end());

describe('the first start, with nothing configured', () => {
  it('makes files that only their owner reads', async () => {
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(dataDir)).toBe('700');
    const files = readdirSync(dataDir);
    expect(files).toEqual(expect.arrayContaining(['forge.db', 'secrets.json']));
    expect(files.map((file) => `${file} ${mode(join(dataDir, file))}`)).toEqual(files.map((file) => `${file} 600`));
  });

  it('shows the password that it made up once, and not in its log', () => {
    const { stdout, stderr } = first.process;
    expect(password).toMatch(/^[\w-]{20,}$/);
    expect(`${stdout}${stderr}`.split(password)).toHaveLength(2);
  });

  it('shows no key', () => {
    const { stdout, stderr } = first.process;
    expect(`${stdout}${stderr}`).not.toContain(signingKey(dataDir));
  });
});

describe('a token', () => {
  const statuses = async (authorization: string | undefined) => {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (authorization !== undefined) headers['authorization'] = authorization;
    const rest = await fetch(`${first.url}/tools`, { headers });
    const body =
      '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}';
    const mcp = await fetch(`${first.url}/mcp`, {
      method: 'POST',
      headers: { ...headers, accept: 'application/json, text/event-stream' },
      body,
    });
    const refused = [rest, mcp].filter(({ status }) => status === 401);
    expect(refused.map((answer) => answer.headers.get('www-authenticate')?.split(' ')[0])).toEqual(
      refused.map(() => 'Bearer'),
    );
    return [rest.status, mcp.status];
  };

  it('that the gateway made opens API and MCP', async () => {
    expect(await statuses(`Bearer ${first.token}`)).toEqual([200, 200]);
  });

  it.each<[string, (claims: Record<string, unknown>, key: string) => string | undefined]>([
    ['there is none', () => undefined],
    ['it is no token', () => 'Bearer nonsense'],
    ['its scheme is another one', () => 'Basic YWRtaW46YWRtaW4='],
    [
      'it has expired',
      (claims, key) => `Bearer ${forge({ ...claims, exp: Math.floor(Date.now() / 1000) - 3600 }, key)}`,
    ],
    ['it never expires', (claims, key) => `Bearer ${forge({ ...claims, exp: undefined }, key)}`],
    ['another key signed it', (claims) => `Bearer ${forge(claims, 'a key of somebody else, long enough for HS256')}`],
    ['nobody signed it', (claims) => `Bearer ${forge(claims)}`],
    ['it is for another audience', (claims, key) => `Bearer ${forge({ ...claims, aud: 'somebody-else' }, key)}`],
    ['another issuer made it', (claims, key) => `Bearer ${forge({ ...claims, iss: 'somebody-else' }, key)}`],
    ['its user does not exist', (claims, key) => `Bearer ${forge({ ...claims, sub: 'nobody@example.com' }, key)}`],
  ])('opens nothing when %s', async (_, make) => {
    expect(await statuses(make(claimsOf(first.token), signingKey(dataDir)))).toEqual([401, 401]);
  });
});

describe('the second start', () => {
  let second: Gateway;
  beforeAll(async () => {
    expect(await first.process.stop()).toBe(0);
    second = await startGateway(scope, { dataDir, env: { API_ALLOW_BASIC_AUTH: 'true' } });
  });

  it('is ready in under 2 s', async ({ annotate }) => {
    const [, ms] = /after (\d+) ms/.exec(second.process.stdout) ?? [];
    await annotate(`ready after ${ms} ms`);
    expect(Number(ms)).toBeLessThan(2000);
  });

  it('shows no password, and the one from before still opens', async () => {
    expect(`${second.process.stdout}${second.process.stderr}`).not.toMatch(PASSWORD);
    const basic = (text: string) => ({
      headers: { authorization: `Basic ${Buffer.from(`${ADMIN}:${text}`).toString('base64')}` },
    });
    expect((await fetch(`${second.url}/tools`, basic(password))).status).toBe(200);
    expect((await fetch(`${second.url}/tools`, basic(`${password}x`))).status).toBe(401);
  });

  it('takes tokens from before', async () => {
    expect(await second.api('GET', '/tools', undefined, first.token)).toMatchObject({ status: 200 });
  });
});
