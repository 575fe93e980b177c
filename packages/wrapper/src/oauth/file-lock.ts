/** @module A lock between processes: a file that exists while somebody holds it, and is touched for as long as that lasts. */
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync, utimesSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const TOUCH_MS = 1000;
const LOOK_MS = 100;
/** A holder that has not touched its lock for so many of our looks is dead. Looks are counted, as clocks jump in sleep. */
const STALE_LOOKS = 100;
/** How old the lock on stealing may be; it is held for a moment only. */
const STEALING_MS = 10_000;

/**
 * Runs `action` while no other process does so under this path.
 *
 * @throws what `signal` says when it is aborted while waiting
 */
export async function withFileLock<T>(path: string, signal: AbortSignal, action: () => Promise<T>): Promise<T> {
  const mine = await acquire(path, signal);
  const touch = setInterval(() => touchFile(path), TOUCH_MS).unref();
  try {
    return await action();
  } finally {
    clearInterval(touch);
    if (contentOf(path) === mine) rmSync(path, { force: true });
  }
}

async function acquire(path: string, signal: AbortSignal): Promise<string> {
  const mine = `${process.pid} ${randomUUID()}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let seen: string | undefined;
  let looks = 0;
  for (;;) {
    signal.throwIfAborted();
    if (create(path, mine)) return mine;
    const held = stateOf(path);
    looks = held === seen ? looks + 1 : 0;
    seen = held;
    if (held !== undefined && (looks >= STALE_LOOKS || isDead(contentOf(path)))) steal(path, held);
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** Only one may judge and remove at a time, else the second removes the lock of the first. */
function steal(path: string, held: string): void {
  const stealing = `${path}.steal`;
  if (!create(stealing, '')) {
    if (ageOf(stealing) > STEALING_MS) rmSync(stealing, { force: true });
    return;
  }
  if (stateOf(path) === held) rmSync(path, { force: true });
  rmSync(stealing, { force: true });
}

function create(path: string, content: string): boolean {
  try {
    const file = openSync(path, 'wx', 0o600);
    writeSync(file, content);
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whose lock it is and when it was touched, in one text. */
function stateOf(path: string): string | undefined {
  const content = contentOf(path);
  return content === undefined ? undefined : `${content} ${ageBase(path)}`;
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // released in this moment
  }
}

function isDead(content: string | undefined): boolean {
  const pid = Number.parseInt(content ?? '', 10);
  if (!(pid > 0)) return false; // being written
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function ageOf(path: string): number {
  return Date.now() - ageBase(path);
}

function ageBase(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
}

function touchFile(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // it has been taken from us: the release looks whose it is
  }
}
