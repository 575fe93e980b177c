import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Client as ModernClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import {
  type StdioServerParameters,
  StdioClientTransport as LegacyStdio,
} from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { textOf } from './clients/connect.ts';
import { startShop } from './fixtures/grpc/shop-server.ts';
import { findNode20 } from './harness/node-20.ts';
import { inCheckout } from './harness/paths.ts';
import { output, start } from './harness/process.ts';
import { createScope } from './harness/scope.ts';

const MOST_KIB = 15 * 1024;

/** An optional peer of `@forge/upstream-grpc`, for gateways. */
const OPTIONAL = ['--filter-prod', '!@forge/core'];

/** A stdio server of the SDK, which is not where the commands are installed. */
const SERVER = `
import { McpServer } from '${import.meta.resolve('@modelcontextprotocol/server')}';
import { serveStdio } from '${import.meta.resolve('@modelcontextprotocol/server/stdio')}';
serveStdio(() => {
  const server = new McpServer({ name: 'packed', version: '1.0.0' });
  server.registerTool('node', {}, () => ({ content: [{ type: 'text', text: process.version }] }));
  return server;
});
`;

const scope = createScope();
const translate = scope.folder();
const wrapper = scope.folder();
let node20: string;
let url: string;
afterAll(() => scope.end());

/** Each command in a folder of its own, with what it needs and nothing else; translate serves. */
beforeAll(async () => {
  node20 = await findNode20(scope);
  for (const [name, folder] of [
    ['@forge/translate', translate],
    ['@forge/wrapper', wrapper],
  ] as const) {
    const tarballs = scope.folder();
    const args = ['--recursive', '--filter-prod', `${name}...`, ...OPTIONAL, 'pack', '--pack-destination', tarballs];
    await output({ command: 'npx', args: ['-y', 'pnpm@12', ...args], cwd: inCheckout('.'), timeoutMs: 120_000 });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const files = readdirSync(tarballs).map((file) => join(tarballs, file));
    const install = ['install', '--no-audit', '--no-fund', ...files];
    await output({ command: 'npm', args: install, cwd: folder, timeoutMs: 180_000 });
  }
  writeFileSync(join(translate, 'server.mjs'), SERVER);
  const since = performance.now();
  const args = ['forge-translate', '--stdio', 'node server.mjs', '--port', '0'];
  const [, served = ''] = await start(scope, npx(translate, args)).says(/HTTP +(\S+)/);
  tell('npx forge-translate, until its server can be called', since);
  url = served;
}, 400_000);

/** `npx ARGS` by Node 20, or another, which the children then find first as well. */
function npx(cwd: string, args: readonly string[], node = node20) {
  const env = { PATH: `${dirname(node)}:${process.env['PATH'] ?? ''}` };
  return { command: 'npx', args: ['--no-install', ...args], cwd, env };
}

function tell(what: string, since: number): void {
  process.stdout.write(`${what}: ${Math.round(performance.now() - since)} ms\n`);
}

it.each([
  ['@forge/translate', translate],
  ['@forge/wrapper', wrapper],
])('%s and all that it needs take less than 15 MiB', async (name, folder) => {
  expect(readdirSync(join(folder, 'node_modules', name))).toContain('bin');
  const kib = Number.parseInt(await output({ command: 'du', args: ['-sk', 'node_modules'], cwd: folder }), 10);
  process.stdout.write(`${name}: ${kib} KiB installed\n`);
  expect(kib).toBeLessThan(MOST_KIB);
});

describe.each([
  ['Node 20', () => node20],
  [`Node ${process.versions.node}`, () => process.execPath],
])('npx @forge/translate --grpc HOST:PORT, by %s', (_, node) => {
  it('puts the methods of a gRPC server on HTTP, with nothing else installed', async () => {
    expect(existsSync(join(translate, 'node_modules/@grpc'))).toBe(false);
    const port = await startShop(scope);
    const since = performance.now();
    const args = ['@forge/translate', '--grpc', `127.0.0.1:${port}`, '--expose-streamable-http', '--port', '0'];
    const serving = start(scope, npx(translate, args, node()));
    const [, at = ''] = await serving.says(/HTTP +(\S+)/);
    tell('npx @forge/translate --grpc, until its tools can be called', since);
    const client = new ModernClient({ name: 'modern', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(new URL(at)));
    onTestFinished(() => client.close());
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(
      ['Order', 'Track', 'Total', 'Chat'].map((it) => `shop.v1.Shop.${it}`),
    );
    const call = async (name: string, args: Record<string, unknown>) =>
      (await client.callTool({ name: `shop.v1.Shop.${name}`, arguments: args })).structuredContent;
    expect(await call('Order', { item: 'tea', cents: '9007199254740993' })).toMatchObject({
      id: 'order-tea',
      cents: '9007199254740993',
    });
    const steps = [1, 2].map((step) => ({ step, text: `x ${step}` }));
    expect(await call('Track', { id: 'x', events: 2 })).toEqual({ messages: steps });
    expect(await call('Chat', { messages: [{ text: 'abc' }] })).toEqual({ messages: [{ text: 'ABC' }] });
    await serving.stop();
  });
});

/** How a desktop client starts it: by the name of the package. */
const launch = (): StdioServerParameters => ({ ...npx(wrapper, ['@forge/wrapper', '--url', url]), stderr: 'ignore' });

it('a client of 2026-07-28 calls through both, on Node 20', async () => {
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new ModernClient({ name: 'modern', version: '1.0.0' }, { versionNegotiation });
  const since = performance.now();
  await client.connect(new ModernStdio(launch()));
  onTestFinished(() => client.close());
  tell('npx @forge/wrapper, until a modern client is connected', since);
  expect(textOf(await client.callTool({ name: 'node' }))).toMatch(/^v20\./);
});

it('a client of 2025-11-25 calls through both, on Node 20', async () => {
  const client = new LegacyClient({ name: 'legacy', version: '1.0.0' });
  const since = performance.now();
  await client.connect(new LegacyStdio(launch()));
  onTestFinished(() => client.close());
  tell('npx @forge/wrapper, until a legacy client is connected', since);
  expect(textOf(await client.callTool({ name: 'node' }))).toMatch(/^v20\./);
});
