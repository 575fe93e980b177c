/** @module Whether Python servers and clients can run here, and how. */
import { spawnSync } from 'node:child_process';

/** `uv` and `uvx` are on PATH. */
export const hasUv = ['uv', 'uvx'].every((command) => spawnSync(command, ['--version']).status === 0);

/** For names of tests that need it: why they are skipped. */
export const NEEDS_UV = hasUv ? '' : ' (skipped: uvx is missing, pip install uv)';

/** Lines of the Python SDK: `1` speaks 2025-11-25 and older, `2` 2026-07-28 as well. */
export type PythonSdk = 1 | 2;

const REQUIREMENTS = { 1: 'mcp[ws]>=1.30,<2', 2: 'mcp>=2.3,<3' };

/** Arguments of `uv` that run a script with the SDK. */
export function pythonArgs(sdk: PythonSdk, script: string, ...args: readonly string[]): string[] {
  return ['run', '--no-project', '--python', '>=3.11', '--with', REQUIREMENTS[sdk], 'python', '-B', script, ...args];
}
