/** @module The cells: every pairing of a set of scenarios with what it is scored over. */
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { PeerEra } from '../client/peer.ts';
import { stopAll } from './process.ts';
import { runClientSuite, runSuite } from './suite.ts';
import type { ClientCommand, Revision, ScenarioSet, Score } from './suite.ts';
import { fixtureOverHttp, fixtureOverStdio, startGateway, startTranslate } from './target.ts';

const CLIENT = fileURLToPath(new URL('../client.js', import.meta.url));

/** One run of the suite. */
export type Cell = ServerCell | ClientCell;

interface AnyCell {
  /** What `--cell` takes. */
  readonly name: string;
  /**
   * `score` cells are the score, within one era; so are `bridge` ones, across the eras; `direct` ones check the fixture
   * and the client.
   */
  readonly group: 'score' | 'direct' | 'bridge';
  readonly set: ScenarioSet;
}

/** The suite is the client, and Forge stands between it and our fixture. */
interface ServerCell extends AnyCell {
  /** What stands between the suite and the fixture. */
  readonly through?: 'gateway' | 'translate';
  /** What the fixture speaks, and over what. */
  readonly era: 'modern' | 'legacy';
  readonly wire: 'http' | 'stdio';
}

/** The suite is the server, and Forge stands between our client and it. */
interface ClientCell extends AnyCell {
  readonly set: Revision;
  /** What the client speaks. */
  readonly client: PeerEra;
  readonly through?: 'gateway' | 'wrapper';
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
  { name: 'client-direct-modern', group: 'direct', set: '2026-07-28', client: 'modern' },
  { name: 'client-direct-legacy', group: 'direct', set: '2025-11-25', client: 'legacy' },
  ...clients('gateway'),
  ...clients('wrapper'),
];

/** Both eras, each over a fixture of its own, and the extension, which is of the modern one. */
function scored(name: string, through: 'gateway' | 'translate', wire: ServerCell['wire']): ServerCell[] {
  return [
    { name: `${name}-modern`, group: 'score', set: '2026-07-28', through, era: 'modern', wire },
    { name: `${name}-legacy`, group: 'score', set: '2025-11-25', through, era: 'legacy', wire },
    { name: `${name}-tasks`, group: 'score', set: 'tasks', through, era: 'modern', wire },
  ];
}

/** Clients of each era, over a fixture of the other. */
function bridged(name: string, through: 'gateway' | 'translate', wire: ServerCell['wire']): ServerCell[] {
  return [
    { name: `${name}-to-legacy`, group: 'bridge', set: '2026-07-28', through, era: 'legacy', wire },
    { name: `${name}-to-modern`, group: 'bridge', set: '2025-11-25', through, era: 'modern', wire },
  ];
}

/** Clients of both eras at the suite's server of either. */
function clients(through: 'gateway' | 'wrapper'): ClientCell[] {
  const name = `client-${through}`;
  return [
    { name: `${name}-modern`, group: 'score', set: '2026-07-28', through, client: 'modern' },
    { name: `${name}-legacy`, group: 'score', set: '2025-11-25', through, client: 'legacy' },
    { name: `${name}-to-legacy`, group: 'bridge', set: '2025-11-25', through, client: 'modern' },
    { name: `${name}-to-modern`, group: 'bridge', set: '2026-07-28', through, client: 'legacy' },
  ];
}

/** What a cell is scored over, in words. */
export function overWhat(cell: Cell): string {
  if ('client' in cell) return `a ${cell.client} client${cell.through === undefined ? '' : ` through ${cell.through}`}`;
  const { through, era, wire } = cell;
  const fixture = `${era} ${wire === 'http' ? 'HTTP' : 'stdio'} server`;
  return through === undefined ? `the ${fixture} itself` : `${through} over a ${fixture}`;
}

/** Runs a cell with processes and a folder of its own; every process has ended when it settles. */
export async function runCell(cell: Cell, folder: string): Promise<Score> {
  await mkdir(folder, { recursive: true });
  try {
    if ('client' in cell) return await runClientSuite(clientCommand(cell), cell.set, folder);
    return await runSuite(await startTarget(cell, folder), cell.set, folder);
  } finally {
    await stopAll();
  }
}

/** The URL that a cell points the suite at. */
async function startTarget({ through, era, wire }: ServerCell, folder: string): Promise<string> {
  if (through === 'translate') return startTranslate(fixtureOverStdio(era), folder);
  if (wire === 'stdio') return startGateway(fixtureOverStdio(era), folder);
  const url = await fixtureOverHttp(era, folder);
  return through === undefined ? url : startGateway({ url }, folder);
}

/** The suite splits the command at spaces and leaves the rest to a shell, so every part is quoted. */
function clientCommand({ client, through }: ClientCell): ClientCommand {
  return (folder) => {
    const parts = [process.execPath, CLIENT, '--client', client, '--through', through ?? 'nothing', '--folder', folder];
    return parts.map((part) => JSON.stringify(part)).join(' ');
  };
}
