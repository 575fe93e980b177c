/** @module Temporary files of a run: all in one folder, gone when the runner ends. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let root: string | undefined;
let home: string | undefined;

/** Makes an empty folder that is removed when this process ends. */
export function scratchFolder(): string {
  if (root === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'forge-benchmark-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
    root = folder;
  }
  return mkdtempSync(join(root, 'part-'));
}

/** Variables for a program under test: nothing of ours but PATH, and a home of its own, the same for the whole run. */
export function plainEnv(): Readonly<Record<string, string>> {
  home ??= scratchFolder();
  return { PATH: process.env['PATH'] ?? '', HOME: home };
}
