import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './config/load.ts';
import { Secret } from './config/secret.ts';
import { deriveKey, loadSecrets } from './secrets.ts';

let parent: string;
let directory: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'forge-secrets-'));
  directory = join(parent, 'a', 'data');
});
const load = () => loadSecrets({ FORGE_DATA_DIR: directory });
afterEach(() => rmSync(parent, { recursive: true }));

describe('secrets', () => {
  it('are generated once, readable by their owner only', () => {
    const first = load();
    const second = load();
    expect(second.jwtSecretKey.reveal()).toBe(first.jwtSecretKey.reveal());
    expect(second.authEncryptionSecret.reveal()).toBe(first.authEncryptionSecret.reveal());
    expect(first.jwtSecretKey.reveal()).not.toBe(first.authEncryptionSecret.reveal());
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(directory, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['secrets.json']);
  });

  it('give way to keys that are set', () => {
    const own = new Secret('own');
    const { jwtSecretKey, authEncryptionSecret } = loadSecrets({ FORGE_DATA_DIR: directory, JWT_SECRET_KEY: own });
    expect(jwtSecretKey).toBe(own);
    expect(authEncryptionSecret.reveal()).toHaveLength(43);
  });

  it('do not print themselves', () => {
    expect(JSON.stringify(load())).toBe('{"jwtSecretKey":"[secret]","authEncryptionSecret":"[secret]"}');
  });

  it('are closed to others again where somebody opened them', () => {
    load();
    chmodSync(join(directory, 'secrets.json'), 0o644);
    load();
    expect(statSync(join(directory, 'secrets.json')).mode & 0o777).toBe(0o600);
  });

  it('are the same for processes that start together', async () => {
    const script = `import { loadSecrets } from ${JSON.stringify(new URL('secrets.ts', import.meta.url).href)};
      process.stdin.once('data', () => { process.stdout.write(loadSecrets({ FORGE_DATA_DIR: process.argv[1] }).jwtSecretKey.reveal()); process.exit(); });
      process.stderr.write('ready');`;
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module-typescript', '-e', script, directory], { stdio: 'pipe' }),
    );
    const exits = children.map((child) => once(child, 'exit'));
    await Promise.all(children.map((child) => once(child.stderr, 'data')));
    for (const child of children) child.stdin.write('go');
    const outputs = await Promise.all(children.map(async (child) => String((await once(child.stdout, 'data'))[0])));
    expect(new Set(outputs).size).toBe(1);
    expect(outputs[0]).toHaveLength(43);
    await Promise.all(exits);
  });

  it('that are damaged are an error that does not quote them, and stay as they are', () => {
    load();
    const path = join(directory, 'secrets.json');
    const damaged = readFileSync(path, 'utf8').slice(0, -20);
    writeFileSync(path, damaged);
    expect(() => load()).toThrow(new ConfigError([`${path} cannot be used: it is damaged`]));
    expect(readFileSync(path, 'utf8')).toBe(damaged);
  });

  it('in a place that cannot be written are an error that names the place', () => {
    writeFileSync(join(parent, 'a'), '');
    expect(() => load()).toThrow(/secrets\.json cannot be used: ENOTDIR/);
  });
});

it('a derived key is the same for a secret and a purpose, and another for any other', () => {
  const [one, other] = [new Secret('one'), new Secret('other')];
  const keys = [deriveKey(one, 'session-ids'), deriveKey(one, 'parked-calls'), deriveKey(other, 'session-ids')];
  expect(keys.map(({ length }) => length)).toEqual([32, 32, 32]);
  expect(new Set(keys.map(String)).size).toBe(3);
  expect(deriveKey(new Secret('one'), 'session-ids')).toEqual(keys[0]);
});
