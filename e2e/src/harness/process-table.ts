/** @module Which processes there are, and who started them. */
import { execFileSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
}

/** Every process below `pid`, children before grandchildren. */
export function descendants(pid: number): number[] {
  const rows = processes();
  const found: number[] = [];
  const visit = (parent: number): void => {
    for (const row of rows) {
      if (row.parent !== parent) continue;
      found.push(row.pid);
      visit(row.pid);
    }
  };
  visit(pid);
  return found;
}

/** Whether a process runs; one that only waits to be reaped does not. */
export function isAlive(pid: number): boolean {
  return processes().some((row) => row.pid === pid);
}

/** Waits until none of `pids` runs; returns the command lines of those that still do after `timeoutMs`. */
export async function survivors(pids: readonly number[], timeoutMs: number): Promise<string[]> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const left = processes().filter((row) => pids.includes(row.pid));
    if (left.length === 0 || Date.now() > deadline) return left.map((row) => `${row.pid} ${row.command}`);
    await delay(50);
  }
}

/** Bytes of memory that a process holds. */
export function residentBytes(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) * 1024;
}

function processes(): Row[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8', maxBuffer: 16_777_216 });
  return table.split('\n').flatMap((line) => {
    const [, pid, parent, state = '', command = ''] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || state.startsWith('Z')
      ? []
      : [{ pid: Number(pid), parent: Number(parent), state, command }];
  });
}
