/** @module `forge-gateway check`: says whether the configuration is valid, and what the gateway would do with it. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, runCommand } from '@forge/cli';
import { readSettings } from '../config/environment.ts';
import type { Settings } from '../config/schema.ts';
import { readKeyFile } from '../key-file.ts';
import { loadMcpServers } from '../mcp-servers/load.ts';
import { createLog } from '../log.ts';
import { describeDatabase } from '../modules.ts';
import { loadPlugins } from '../plugins/load.ts';
import { serveFlags, settingsOf } from './setting-flags.ts';

const command = {
  name: 'forge-gateway check',
  summary: 'Says whether the configuration is valid, and what the gateway would do with it. Changes nothing.',
  flags: serveFlags,
  examples: [
    ['The settings of this directory', 'forge-gateway check'],
    ['Before a deployment', 'forge-gateway check --env-file production.env --config mcp.json'],
  ],
} as const satisfies Command;

/** Exit code 0 when everything can be used, 1 otherwise. */
export function run(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async (values) => {
    const { settings, warnings } = readSettings(settingsOf(values), values['env-file']);
    const { upstreams, problems } =
      values.config === undefined ? { upstreams: [], problems: [] } : loadMcpServers(values.config);
    const loaded = await loadPlugins(settings, createLog(settings));
    for (const plugin of loaded.plugins) await plugin.close?.();
    const rows = [
      ['listen', `http://${settings.HOST}:${settings.PORT}`],
      ['data', resolve(settings.FORGE_DATA_DIR) + (existsSync(settings.FORGE_DATA_DIR) ? '' : ' (will be created)')],
      ['database', describeDatabase(settings)],
      ['auth', describeAuth(settings)],
      ...upstreams.map(({ name, transport, enabled }) => [
        'upstream',
        `${name} (${transport}${enabled ? '' : ', disabled'})`,
      ]),
      ...loaded.plugins.map(({ name, about, mode }) => ['plugin', `${name} (${about?.kind}, ${mode})`]),
    ];
    process.stdout.write(rows.map(([label = '', text]) => `${label.padEnd(9)} ${text}\n`).join(''));
    process.stderr.write([...warnings, ...loaded.warnings].map((warning) => `warning: ${warning}\n`).join(''));
    const found = [...problems, ...keyProblems(settings)];
    process.stderr.write(found.map((problem) => `error: ${problem}\n`).join(''));
    return found.length === 0 ? 0 : 1;
  });
}

function describeAuth(settings: Settings): string {
  if (!settings.AUTH_REQUIRED) return 'none: whoever reaches the gateway is an administrator';
  const key = settings.JWT_ALGORITHM.startsWith('HS') && settings.JWT_SECRET_KEY === undefined ? ', generated key' : '';
  return `JWT ${settings.JWT_ALGORITHM}${key}${settings.API_ALLOW_BASIC_AUTH ? ', HTTP Basic' : ''}`;
}

/** What a start, or the first token, would find wrong with the key files. */
function keyProblems(settings: Settings): string[] {
  if (settings.JWT_ALGORITHM.startsWith('HS')) return [];
  return [
    ...problemOf('JWT_PUBLIC_KEY_PATH', settings.JWT_PUBLIC_KEY_PATH, createPublicKey),
    ...problemOf('JWT_PRIVATE_KEY_PATH', settings.JWT_PRIVATE_KEY_PATH, createPrivateKey),
  ];
}

function problemOf(setting: string, path: string | undefined, parse: (pem: string) => unknown): string[] {
  if (path === undefined) return [];
  try {
    const pem = readKeyFile(setting, path);
    try {
      parse(pem);
      return [];
    } catch {
      return [`${setting}: ${path} holds no such key in PEM`];
    }
  } catch (error) {
    return [(error as Error).message];
  }
}
