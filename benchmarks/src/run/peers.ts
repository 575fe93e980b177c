/** @module Programs of others that do what ours do: fetched from npm when they are wanted, into a folder of this run. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Peer } from '../cells.ts';
import { launch } from '../launch.ts';
import { scratchFolder } from './scratch.ts';

/** What is compared with. */
const VERSIONS: Readonly<Record<Peer, string>> = {
  supergateway: '4.0.0',
  'mcp-proxy': '6.7.19',
  'mcp-remote': '0.15.1',
};
const INSTALLED_MS = 180_000;
const END_MS = 5000;
const KEPT_CHARS = 4000;

let folder: Promise<string> | undefined;

/**
 * The script of a peer. The first one to be asked for installs them all; nothing that they bring is run for that.
 *
 * @throws when npm does not install them.
 */
export async function peerScript(peer: Peer): Promise<string> {
  folder ??= install();
  const root = join(await folder, 'node_modules', peer);
  const { bin } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
  return join(root, bin[peer] ?? '');
}

async function install(): Promise<string> {
  const prefix = scratchFolder();
  const packages = Object.entries(VERSIONS).map(([name, version]) => `${name}@${version}`);
  const args = ['install', '--prefix', prefix, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...packages];
  const npm = launch('npm', args, { cwd: prefix, stdio: ['ignore', 'ignore', 'pipe'] }, { withinMs: END_MS });
  let said = '';
  npm.process.stderr?.setEncoding('utf8').on('data', (chunk: string) => (said = (said + chunk).slice(-KEPT_CHARS)));
  await Promise.race([npm.ended, delay(INSTALLED_MS, undefined, { ref: false })]);
  await npm.stop();
  if (npm.process.exitCode === 0) return prefix;
  throw new Error(`npm did not install them:\n${said.trim() || '(nothing said)'}`);
}
