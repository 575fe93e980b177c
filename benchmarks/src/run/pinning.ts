/** @module Which core each process gets, where the machine has `taskset` and more than one core. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** Cores by what runs on them. With two cores the load generator and the upstream share one. */
export interface Cores {
  readonly underTest: number;
  readonly load: number;
  readonly upstream: number;
}

/** The cores to pin to, or `undefined` where that is not possible. */
export function chooseCores(): Cores | undefined {
  if (!existsSync('/proc/self/status') || spawnSync('taskset', ['--version']).status !== 0) return undefined;
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const [underTest, load, upstream = load] = list === undefined ? [] : coresIn(list);
  return underTest === undefined || load === undefined || upstream === undefined
    ? undefined
    : { underTest, load, upstream };
}

/** `0-2,5` as numbers. */
export function coresIn(list: string): readonly number[] {
  return list.split(',').flatMap((range) => {
    const [first = NaN, last = first] = range.split('-').map(Number);
    return first <= last ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : [];
  });
}

/** A Node command line, pinned to `core` if there is one. The process keeps its id: `taskset` becomes it. */
export function nodeCommand(args: readonly string[], core: number | undefined): readonly [string, readonly string[]] {
  return core === undefined ? [process.execPath, args] : ['taskset', ['-c', String(core), process.execPath, ...args]];
}
