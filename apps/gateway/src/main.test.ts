import { readdirSync, readFileSync, statSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from './process.fixture.ts';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

const PASSWORD = /^\| +password +(\S+)$/m;

describe('the command line', () => {
  it.each([
    [['sevre'], 2, 'there is no command "sevre". Did you mean serve?'],
    [['--prot', '1'], 2, 'There is no flag --prot. Did you mean --port?'],
    [['token', '--exp', 'soon'], 2, '--exp must be a whole number of at least 0, not "soon".'],
    [['check', 'now'], 2, 'forge-gateway check does not take "now".'],
    [['serve', '--config', 'none.json'], 1, 'none.json cannot be read: it does not exist'],
  ])('%j ends with code %i: %s', async (args, code, message) => {
    const ended = await workplace.run(args);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(message);
  });

  it('explains itself and each command, on standard output', async () => {
    expect((await workplace.run(['--help'])).stdout).toContain('Usage: forge-gateway [command] [flags]');
    expect((await workplace.run(['help', 'token'])).stdout).toContain('Usage: forge-gateway token [flags]');
    for (const command of ['serve', 'token', 'check', 'import']) {
      const { code, stdout } = await workplace.run([command, '--help']);
      expect({ code, examples: stdout.includes('\nExamples:\n') }, command).toEqual({ code: 0, examples: true });
    }
    expect((await workplace.run(['version'])).stdout).toMatch(/^forge-gateway \d+\.\d+\.\d+, Node \d+/);
  });
});

describe('check', () => {
  it('says what would be served, and changes nothing', async () => {
    workplace.write('.env', 'PORT=5123\nREDIS_URL=redis://localhost\n');
    workplace.write(
      'mcp.json',
      '{"mcpServers": {"files": {"command": "node"}, "web": {"url": "http://localhost:1/mcp"}}}',
    );
    const { code, stdout, stderr } = await workplace.run(['check', '--config', 'mcp.json', '--host', 'localhost']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `listen    http://localhost:5123
data      ${join(workplace.directory, 'data')} (will be created)
database  sqlite, data/forge.db
auth      JWT HS256, generated key
upstream  files (stdio)
upstream  web (streamable-http)
`,
    });
    expect(stderr).toBe('warning: .env: these are not settings of Forge: REDIS_URL\n');
    expect(readdirSync(workplace.directory).toSorted()).toEqual(['.env', 'mcp.json']);
  });

  it('reads the file of --env-file by its own rules, and says on which line an error is', async () => {
    workplace.write('my.env', 'NAME=five\nFORGE_DATA_DIR=${NAME}\nPORT=5\n');
    const { stdout } = await workplace.run(['check', '--env-file', 'my.env'], { PORT: '6' });
    expect(stdout).toContain(`listen    http://127.0.0.1:6\ndata      ${join(workplace.directory, 'five')} `);
    workplace.write('my.env', '\nPORT=many\n');
    const { stderr } = await workplace.run(['check', '--env-file=my.env']);
    expect(stderr).toContain('my.env:2: PORT must be');
  });

  it('looks into the files of keys', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    workplace.write('public.pem', publicKey);
    workplace.write('private.pem', privateKey);
    workplace.write('none.pem', 'none');
    const check = (open: string, secret: string) =>
      workplace.run(['check'], { JWT_ALGORITHM: 'ES256', JWT_PUBLIC_KEY_PATH: open, JWT_PRIVATE_KEY_PATH: secret });
    expect(await check('public.pem', 'private.pem')).toMatchObject({ code: 0, stderr: '' });
    const { code, stderr } = await check('missing.pem', 'none.pem');
    expect(code).toBe(1);
    expect(stderr).toContain('error: JWT_PUBLIC_KEY_PATH: missing.pem cannot be read: ENOENT');
    expect(stderr).toContain('error: JWT_PRIVATE_KEY_PATH: none.pem holds no such key in PEM');
  });

  it('names every problem, and no secret', async () => {
    workplace.write('.env', 'PORT=x\nJWT_SECRET_KYE=hush\nDATABASE_URL=mysql://root:hush@db/forge\n');
    const { code, stderr } = await workplace.run(['check']);
    expect(code).toBe(1);
    expect(stderr).toContain('.env:1: PORT must be a whole number from 0 to 65535, not "x"');
    expect(stderr).toContain('.env:2: JWT_SECRET_KYE is not a setting. Did you mean JWT_SECRET_KEY?');
    workplace.write('.env', 'DATABASE_URL=mysql://root:hush@db/forge\n');
    const second = await workplace.run(['check']);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('"mysql" databases are not supported');
    expect(stderr + second.stderr).not.toContain('hush');
  });
});

describe('a start', () => {
  it('for the first time makes keys, database and an administrator, whose password it shows once', async () => {
    const first = await workplace.serve();
    const password = await first.saw(PASSWORD);
    const data = join(workplace.directory, 'data');
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, 'secrets.json')).mode & 0o777).toBe(0o600);
    first.child.kill('SIGTERM');
    expect((await first.exit).code).toBe(0);

    const second = await workplace.serve([], { API_ALLOW_BASIC_AUTH: 'true' });
    const authorization = `Basic ${Buffer.from(`admin@example.com:${password}`).toString('base64')}`;
    expect((await fetch(`${second.url}/tools`, { headers: { authorization } })).status).toBe(200);
    second.child.kill('SIGINT');
    const { code, stdout, stderr } = await second.exit;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(PASSWORD);
    expect(readFileSync(join(data, 'forge.db')).includes(password)).toBe(false);
    expect(stdout + stderr).not.toContain(password);
  });

  it('with a password that is set shows none', async () => {
    const { child, exit } = await workplace.serve([], { PLATFORM_ADMIN_PASSWORD: 'correct horse battery' });
    child.kill('SIGTERM');
    const { stdout, stderr } = await exit;
    expect(stdout + stderr).not.toMatch(/password|correct horse/);
  });

  it('of two at the same time gives both the same keys, and one administrator', async () => {
    const both = await Promise.all([workplace.serve(), workplace.serve()]);
    const authorization = `Bearer ${await workplace.token()}`;
    for (const { url } of both) expect((await fetch(`${url}/tools`, { headers: { authorization } })).status).toBe(200);
    for (const { child } of both) child.kill('SIGTERM');
    const ended = await Promise.all(both.map(({ exit }) => exit));
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect(ended.filter(({ stderr }) => PASSWORD.test(stderr))).toHaveLength(1);
  });

  it('holds bodies to MCP_MAX_BODY_BYTES on every path that takes one', async () => {
    const { url } = await workplace.serve([], { MCP_MAX_BODY_BYTES: '1024' });
    const headers = { authorization: `Bearer ${await workplace.token()}`, 'content-type': 'application/json' };
    for (const path of ['/mcp', '/rpc', '/gateways']) {
      const { status } = await fetch(url + path, { method: 'POST', headers, body: ' '.repeat(1025) });
      expect({ path, status }).toEqual({ path, status: 413 });
    }
  });

  it('on a port in use ends with one sentence', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await workplace.run(['--port', String(port)], { LOG_LEVEL: 'silent' });
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toContain(
      `forge-gateway: Port ${port} of 127.0.0.1 is in use. Choose another one with --port, or 0 for a free one.\n`,
    );
    expect(stderr).not.toContain('    at ');
  });

  it.each([
    [{ AUTH_REQUIRED: 'false' }, 'AUTH_REQUIRED is false'],
    [{ JWT_SECRET_KEY: 'my-test-key' }, 'JWT_SECRET_KEY is shorter than 32 characters'],
  ])('with %j is refused where others can call', async (env, message) => {
    const { code, stderr } = await workplace.run(['--host', '0.0.0.0', '--port', '0'], env);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(readdirSync(workplace.directory)).toEqual([]);
  });
});

describe('token', () => {
  it('prints a token that the gateway takes, and nothing else', async () => {
    const { url } = await workplace.serve();
    const { code, stdout, stderr } = await workplace.run(['token', '--exp', '5']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const status = async (authorization?: string) =>
      (await fetch(`${url}/tools`, authorization === undefined ? {} : { headers: { authorization } })).status;
    expect(await status(`Bearer ${stdout.trim()}`)).toBe(200);
    expect(await status(`Bearer ${stdout.trim()}x`)).toBe(401);
    expect(await status()).toBe(401);
  });

  it('can be signed by a private key and checked by its public key', async () => {
    const pem = { type: 'pkcs8', format: 'pem' } as const;
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: pem,
      publicKeyEncoding: { ...pem, type: 'spki' },
    });
    workplace.write('private.pem', privateKey);
    workplace.write('public.pem', publicKey);
    workplace.write(
      '.env',
      'JWT_ALGORITHM=ES256\nJWT_PUBLIC_KEY_PATH=public.pem\nJWT_PRIVATE_KEY_PATH=private.pem\nFORGE_DATA_DIR=d\n',
    );
    const { url } = await workplace.serve();
    const authorization = `Bearer ${await workplace.token()}`;
    expect((await fetch(`${url}/tools`, { headers: { authorization } })).status).toBe(200);
  });

  it('that never expires comes with a warning', async () => {
    const { stdout, stderr } = await workplace.run(['token', '-e', '0']);
    expect(stderr).toMatch(/^warning: this token never expires\. It is refused/);
    expect(JSON.parse(Buffer.from(stdout.split('.')[1] ?? '', 'base64url').toString())).not.toHaveProperty('exp');
  });
});
