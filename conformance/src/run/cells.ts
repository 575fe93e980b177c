/** @module The cells: every pairing of a set of scenarios with what it is scored over. */
import { mkdir } from 'node:fs/promises';
import { stopAll } from './process.js';
import { runSuite } from './suite.js';
import type { ScenarioSet, Score } from './suite.js';
import { fixtureOverHttp, fixtureOverStdio, startGateway, startTranslate } from './target.js';

/** One run of the suite. */
export interface Cell {
  /** What `--cell` takes. */
  readonly name: string;
  /** `score` cells are the score, within one era; so are `bridge` ones, across the eras; `direct` ones check the fixture. */
  readonly group: 'score' | 'direct' | 'bridge';
  readonly set: ScenarioSet;
  /** What stands between the suite and the fixture. */
  readonly through?: 'gateway' | 'translate';
  /** What the fixture speaks, and over what. */
  readonly era: 'modern' | 'legacy';
  readonly wire: 'http' | 'stdio';
}

/** Every cell, in the order in which they run. */
export const CELLS: readonly Cell[] = [
  { name: 'direct-modern', group: 'direct', set: '2026-07-28', era: 'modern', wire: 'http' },
  { name: 'direct-legacy', group: 'direct', set: '2025-11-25', era: 'legacy', wire: 'http' },
  { name: 'direct-tasks', group: 'direct', set: 'tasks', era: 'modern', wire: 'http' },
  ...scored('gateway', 'gateway', 'http'),
  ...scored('gateway-stdio', 'gateway', 'stdio'),
  ...scored('translate', 'translate', 'stdio'),
  ...bridged('bridge', 'gateway', 'http'),
  ...bridged('bridge-stdio', 'gateway', 'stdio'),
  ...bridged('bridge-translate', 'translate', 'stdio'),
];

/** Both eras, each over a fixture of its own, and the extension, which is of the modern one. */
function scored(name: string, through: 'gateway' | 'translate', wire: Cell['wire']): Cell[] {
  return [
    { name: `${name}-modern`, group: 'score', set: '2026-07-28', through, era: 'modern', wire },
    { name: `${name}-legacy`, group: 'score', set: '2025-11-25', through, era: 'legacy', wire },
    { name: `${name}-tasks`, group: 'score', set: 'tasks', through, era: 'modern', wire },
  ];
}

/** Clients of each era, over a fixture of the other. */
function bridged(name: string, through: 'gateway' | 'translate', wire: Cell['wire']): Cell[] {
  return [
    { name: `${name}-to-legacy`, group: 'bridge', set: '2026-07-28', through, era: 'legacy', wire },
    { name: `${name}-to-modern`, group: 'bridge', set: '2025-11-25', through, era: 'modern', wire },
  ];
}

/** What a cell is scored over, in words. */
export function overWhat({ through, era, wire }: Cell): string {
  const fixture = `${era} ${wire === 'http' ? 'HTTP' : 'stdio'} server`;
  return through === undefined ? `the ${fixture} itself` : `${through} over a ${fixture}`;
}

/** Runs a cell with processes and a folder of its own; every process has ended when it settles. */
export async function runCell(cell: Cell, folder: string): Promise<Score> {
  await mkdir(folder, { recursive: true });
  try {
    return await runSuite(await startTarget(cell, folder), cell.set, folder);
  } finally {
    await stopAll();
  }
}

/** The URL that a cell points the suite at. */
async function startTarget({ through, era, wire }: Cell, folder: string): Promise<string> {
  if (through === 'translate') return startTranslate(fixtureOverStdio(era), folder);
  if (wire === 'stdio') return startGateway(fixtureOverStdio(era), folder);
  const url = await fixtureOverHttp(era, folder);
  return through === undefined ? url : startGateway({ url }, folder);
}
