/** @module Whether Python servers and clients can run here. */
import { spawnSync } from 'node:child_process';

/** `uv` and `uvx` are on PATH. */
export const hasUv = ['uv', 'uvx'].every((command) => spawnSync(command, ['--version']).status === 0);

/** For names of tests that need it: why they are skipped. */
export const NEEDS_UV = hasUv ? '' : ' (skipped: uvx is missing, pip install uv)';
