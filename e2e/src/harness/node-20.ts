/** @module The oldest Node that parts of Forge promise to run on. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { output } from './process.ts';
import type { Scope } from './scope.ts';

/** The path of a Node 20: one on PATH, or else one from the npm registry. */
export async function findNode20(scope: Scope): Promise<string> {
  const onPath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .find((path) => existsSync(path) && spawnSync(path, ['--version']).stdout.toString().startsWith('v20.'));
  if (onPath !== undefined) return onPath;
  const cwd = scope.folder();
  await output({ command: 'npm', args: ['install', '--no-audit', '--no-fund', 'node@20'], cwd, timeoutMs: 120_000 });
  return join(cwd, 'node_modules/.bin/node');
}
