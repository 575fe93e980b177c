/**
 * @module Ends whole process trees. On POSIX a child leads a process group of its own, which its descendants join; on
 * Windows `taskkill /T` follows the parents' ids.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { win32 } from 'node:path';
import { keep, release } from './keeper.ts';

const POLL_MS = 20;
/** How long a killed process may take to vanish. An orphan that nobody reaps (no init in a container) never does. */
const REAP_MS = 1000;

/** Leaders of the trees that are not known to be gone. */
const live = new Map<number, NodeJS.Platform>();
let hooked = false;

/** Has the tree of `child` killed when this process exits, by whatever way. */
export function killAtExit(child: ChildProcess, platform: NodeJS.Platform): void {
  if (child.pid === undefined) return;
  live.set(child.pid, platform);
  if (platform !== 'win32') keep(child.pid);
  if (hooked) return;
  hooked = true;
  process.on('exit', () => {
    for (const [pid, platform] of live) {
      if (platform === 'win32') spawnSync(...taskkill(pid), { windowsHide: true });
      else signalGroup(pid, 'SIGKILL');
    }
  });
}

/**
 * Ends the tree of `child`: SIGTERM, and SIGKILL for what is left after `graceMs`. Resolves when it is gone, at once if
 * it is already.
 *
 * Windows has no signal to ask with, so it is killed there; and once the child itself has exited, its descendants cannot
 * be found any more. They held the same stdin, whose end they have seen.
 */
export async function endTree(child: ChildProcess, graceMs: number, platform: NodeJS.Platform): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  if (platform === 'win32') {
    if (child.exitCode === null && child.signalCode === null) await killOnWindows(pid);
  } else if (signalGroup(pid, 'SIGTERM') && !(await groupGone(pid, graceMs)) && signalGroup(pid, 'SIGKILL')) {
    await groupGone(pid, REAP_MS);
  }
  live.delete(pid);
  release(pid);
}

function killOnWindows(pid: number): Promise<void> {
  return new Promise((resolve) => {
    const killer = spawn(...taskkill(pid), { windowsHide: true, stdio: 'ignore' });
    killer.once('error', () => resolve()); // no taskkill: nothing else can be tried
    killer.once('exit', () => resolve());
  });
}

function taskkill(pid: number): [string, string[]] {
  const root = process.env.SystemRoot;
  const file = root === undefined ? 'taskkill' : win32.join(root, 'System32', 'taskkill.exe');
  return [file, ['/pid', String(pid), '/T', '/F']];
}

async function groupGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (signalGroup(pid, 0)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** Whether there was anyone to signal. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false; // ESRCH: the group is empty; EPERM: only zombies are left (macOS), or it is not ours any more
  }
}
