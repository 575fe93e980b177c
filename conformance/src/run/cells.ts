/** @module The cells: every pairing of a requirement set with what it is scored over. */
import { mkdir } from 'node:fs/promises';
import { stopAll } from './process.js';
import { runSuite } from './suite.js';
import type { Revision, Score } from './suite.js';
import { startFixture, startGateway } from './target.js';

/** One run of the suite. */
export interface Cell {
  /** What `--cell` takes. */
  readonly name: string;
  /** `gateway` and `bridge` cells are the score, `bridge` ones cross the eras; `direct` ones check the fixture. */
  readonly group: 'gateway' | 'direct' | 'bridge';
  readonly revision: Revision;
  readonly upstream: 'modern' | 'legacy';
}

/** Every cell, in the order in which they run. */
export const CELLS: readonly Cell[] = [
  { name: 'direct-modern', group: 'direct', revision: '2026-07-28', upstream: 'modern' },
  { name: 'direct-legacy', group: 'direct', revision: '2025-11-25', upstream: 'legacy' },
  { name: 'gateway-modern', group: 'gateway', revision: '2026-07-28', upstream: 'modern' },
  { name: 'gateway-legacy', group: 'gateway', revision: '2025-11-25', upstream: 'legacy' },
  { name: 'bridge-to-legacy', group: 'bridge', revision: '2026-07-28', upstream: 'legacy' },
  { name: 'bridge-to-modern', group: 'bridge', revision: '2025-11-25', upstream: 'modern' },
];

/** What a cell is scored over, in words. */
export function overWhat({ group, upstream }: Cell): string {
  return group === 'direct' ? `the ${upstream} fixture, directly` : `the gateway over a ${upstream} upstream`;
}

/** Runs a cell with processes and a folder of its own; every process has ended when it settles. */
export async function runCell(cell: Cell, folder: string): Promise<Score> {
  await mkdir(folder, { recursive: true });
  try {
    const fixture = await startFixture(cell.upstream, folder);
    const url = cell.group === 'direct' ? fixture : await startGateway(fixture, folder);
    return await runSuite(url, cell.revision, folder);
  } finally {
    await stopAll();
  }
}
