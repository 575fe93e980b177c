/** @module Who launched this process. npx, npm and pnpm do not pass on that they were killed, so it has to be noticed. */
import { readFileSync } from 'node:fs';

/** How often it is looked whether they are still there, in ms. */
const LOOK_MS = 1000;
/** Ancestors looked at, at most. */
const MAX_ANCESTORS = 8;

/** What is known of a process. */
export interface ProcessEntry {
  readonly parent: number;
  /** Its short name, as the system shows it. */
  readonly name: string;
}

/**
 * The npx, npm or pnpm that launched a process, and the shells that these put in between. Empty for a process that was
 * started in any other way, e.g. from an interactive shell, by a supervisor or by a test.
 *
 * @param look `undefined` for a process that does not exist, or where the system does not tell
 */
export function findLaunchers(
  parent: number,
  look: (pid: number) => ProcessEntry | undefined = fromProc,
): readonly number[] {
  const chain: number[] = [];
  let known = 0;
  for (let pid = parent; pid > 1 && chain.length < MAX_ANCESTORS;) {
    const entry = look(pid);
    if (entry === undefined) break;
    chain.push(pid);
    if (/^(?:npx|p?npm)\b/.test(entry.name)) known = chain.length;
    else if (!/^(?:sh|dash|bash)$/.test(entry.name)) break;
    pid = entry.parent;
  }
  return chain.slice(0, known);
}

/** Calls `onGone` once when one of the launchers has ended. The look itself keeps nothing alive. */
export function watchLaunchers(onGone: () => void, launchers = findLaunchers(process.ppid)): void {
  if (launchers.length === 0) return;
  const timer = setInterval(() => {
    if (launchers.every(isAlive)) return;
    clearInterval(timer);
    onGone();
  }, LOOK_MS).unref();
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Linux tells in `/proc` (proc_pid_stat(5)); elsewhere nobody is known, and nothing is watched. */
function fromProc(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const end = stat.lastIndexOf(')');
    const parent = Number(
      stat
        .slice(end + 1)
        .trim()
        .split(' ')[1],
    );
    return { parent, name: stat.slice(stat.indexOf('(') + 1, end) };
  } catch {
    return undefined; // gone already, or no Linux
  }
}
