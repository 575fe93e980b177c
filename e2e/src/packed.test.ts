import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findNode20 } from './harness/node-20.ts';
import { inCheckout, STDIO_WITH_GRANDCHILD } from './harness/paths.ts';
import { output, run, start } from './harness/process.ts';
import { createScope } from './harness/scope.ts';
import { packagesIn } from './harness/workspace.ts';

const published = packagesIn('packages/*', 'apps/*').filter(({ isPrivate }) => !isPrivate);
const on20 = published.filter(({ node }) => node.startsWith('>=20'));
const scope = createScope();
const tarballs = scope.folder();
const installed = scope.folder();
let node20: string;
afterAll(() => scope.end());

/** Packs everything, and installs it by npm into an empty folder. */
beforeAll(async () => {
  node20 = await findNode20(scope);
  const filters = published.flatMap(({ name }) => ['--filter', name]);
  const args = ['-y', 'pnpm@12', '--recursive', ...filters, 'pack', '--pack-destination', tarballs];
  await output({ command: 'npx', args, cwd: inCheckout('.'), timeoutMs: 120_000 });
  writeFileSync(join(installed, 'package.json'), '{ "private": true }');
  const files = readdirSync(tarballs).map((file) => join(tarballs, file));
  expect(files).toHaveLength(published.length);
  await output({
    command: 'npm',
    args: ['install', '--no-audit', '--no-fund', ...files],
    cwd: installed,
    timeoutMs: 180_000,
  });
}, 300_000);

/** `npx COMMAND ARGS` in the folder, by the given Node. */
const npx = (node: string, ...args: string[]) => ({
  command: 'npx',
  args: ['--no-install', ...args],
  cwd: installed,
  env: { PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}` },
});

describe.each(published)('$name, installed', ({ name, exports, bin, node }) => {
  it('has what it needs and nothing of its making', () => {
    const files = readdirSync(join(installed, 'node_modules', name), { recursive: true, encoding: 'utf8' });
    expect(files).toEqual(expect.arrayContaining(['package.json', 'LICENSE']));
    expect(files.filter((file) => /\.(?:test|fixture)\.|(?:^|\/)src\/|tsbuildinfo/.test(file))).toEqual([]);
  });

  const specifiers = Object.keys(exports).filter((key) => key !== './package.json');
  it.each(specifiers)('can be imported: %s', async (subpath) => {
    const specifier = name + subpath.slice(1);
    const script = `await import(${JSON.stringify(specifier)}); console.log('imported');`;
    for (const by of node.startsWith('>=20') ? [node20, process.execPath] : [process.execPath]) {
      expect(await output({ command: by, args: ['--input-type=module', '-e', script], cwd: installed })).toBe(
        'imported',
      );
    }
  });

  it.each(Object.keys(bin))('explains %s', async (command) => {
    const help = await output(npx(process.execPath, command, '--help'));
    expect(help).toContain(`Usage: ${command}`);
  });
});

it.each(on20.flatMap(({ bin }) => Object.keys(bin)))('%s runs on Node 20', async (command) => {
  expect(await output(npx(node20, command, '--help'))).toContain(`Usage: ${command}`);
  expect(await output(npx(node20, command, '--version'))).toMatch(/^forge-\w+ \d+\.\d+\.\d+, Node 20\./);
});

it('forge-gateway tells its version, and an old Node what it needs', async () => {
  expect(await output(npx(process.execPath, 'forge-gateway', 'version'))).toMatch(
    /^forge-gateway \d+\.\d+\.\d+, Node \d+/,
  );
  const old = await run(npx(node20, 'forge-gateway', 'version'));
  expect(old).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('needs Node 22.12 or newer') });
});

it('forge-gateway serves', async () => {
  const bin = join(installed, 'node_modules/.bin/forge-gateway');
  const gateway = start(scope, { command: process.execPath, args: [bin, '--port', '0'], cwd: scope.folder() });
  const [, url = ''] = await gateway.says(/is ready on (\S+)/);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect(await gateway.stop()).toBe(0);
});

it('forge-translate serves on Node 20', async () => {
  const bin = join(installed, 'node_modules/.bin/forge-translate');
  const translate = start(scope, {
    command: node20,
    args: [bin, '--port', '0', '--', process.execPath, STDIO_WITH_GRANDCHILD],
  });
  const [, url = ''] = await translate.says(/HTTP +(\S+)\/mcp/);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(await translate.stop()).toBe(0);
});
