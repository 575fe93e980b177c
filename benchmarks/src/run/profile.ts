/** @module Where a process spent its time: the functions with the most self time of a V8 CPU profile. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The parts of a `.cpuprofile` that are read. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** The node on top of the stack, sample by sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

/** A function and the share (0 to 1) of busy time that it ran itself. */
export interface SelfTime {
  readonly share: number;
  readonly name: string;
}

const SHOWN = 25;

/** Prints the top functions of process `pid`, whose profile is in `folder`; or, without `pid`, of the one that ended last. */
export function printProfile(title: string, folder: string, pid: number | undefined): void {
  // Node names a profile after date, time, process, thread and a sequence number; thread 0 is the main one.
  const file = readdirSync(folder)
    .toSorted()
    .findLast((name) => pid === undefined || name.includes(`.${pid}.0.`));
  if (file === undefined) {
    process.stdout.write(`\nNo profile of ${title}: the process did not end by itself.\n`);
    return;
  }
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
  process.stdout.write(`\nSelf time of ${title}, start and warm-up included:\n`);
  for (const { share, name } of selfTimes(profile).slice(0, SHOWN))
    process.stdout.write(`${(share * 100).toFixed(1).padStart(6)} %  ${name}\n`);
}

/** Self time by function, most first; idle time left out. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly SelfTime[] {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, describe(callFrame)]));
  const times = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '(unknown)';
    if (name === '(idle)') continue;
    const time = timeDeltas[index] ?? 0;
    busy += time;
    times.set(name, (times.get(name) ?? 0) + time);
  }
  return [...times].map(([name, time]) => ({ name, share: time / busy })).toSorted((a, b) => b.share - a.share);
}

function describe({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const place = url.replace(/^file:\/\/.*\/node_modules\//, '').replace(`file://${process.cwd()}/`, '');
  return `${name}  ${place}:${lineNumber + 1}`;
}
