/** @module Child processes of the runner: start, wait for a line, and an end that is certain. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a process may take to end by itself after SIGTERM. */
const GRACE_MS = 5000;

/** How much output is kept to explain a failure. */
const KEPT_CHARS = 100_000;

/** A process that the runner started. */
export interface Running {
  /** What it wrote so far, both streams interleaved; the last 100 000 characters. */
  output(): string;
  /** The first match in what it writes; rejects when the process ends or the time is over before one. */
  match(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray>;
  /** Waits for the end; the exit code, or `null` when a signal ended it or the time was over and it was stopped. */
  ended(timeoutMs: number): Promise<number | null>;
  /** SIGTERM, and SIGKILL after 5 s. Resolves when the process is gone. */
  stop(): Promise<void>;
}

const running = new Set<Running>();

/** Stops whatever is still running. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

function whenEnded(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/**
 * Starts `node` (the one that runs this).
 *
 * @param options `name` is for messages; when the process ends, its output is left in `folder/NAME.log`.
 */
export function startNode(
  args: readonly string[],
  options: { name: string; folder: string; cwd?: string; env?: NodeJS.ProcessEnv },
): Running {
  const { name, folder, ...where } = options;
  const child = spawn(process.execPath, args, { ...where, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let heard = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output = (output + chunk).slice(-KEPT_CHARS);
      heard();
    });
  }
  const end = whenEnded(child);
  const settle = () => {
    running.delete(self);
    writeFileSync(join(folder, `${name}.log`), output);
  };
  end.then(settle, settle);

  const self: Running = {
    output: () => output,
    async match(pattern, timeoutMs) {
      const found = new Promise<RegExpExecArray>((resolve) => {
        heard = () => {
          const match = pattern.exec(output);
          if (match) resolve(match);
        };
        heard();
      });
      const failed = (why: string): never => {
        throw new Error(`${name} ${why}:\n${output.trim()}`);
      };
      const timer = new AbortController();
      const tooLate = delay(timeoutMs, undefined, { signal: timer.signal }).then(() =>
        failed('did not get ready in time'),
      );
      try {
        return await Promise.race([
          found,
          end.then((code) => failed(`ended with ${code} before it was ready`)),
          tooLate,
        ]);
      } finally {
        tooLate.catch(() => {});
        timer.abort();
      }
    },
    async ended(timeoutMs) {
      const timer = setTimeout(() => void self.stop(), timeoutMs);
      try {
        return await end;
      } finally {
        clearTimeout(timer);
      }
    },
    async stop() {
      if (child.pid === undefined) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await end.catch(() => null);
      clearTimeout(timer);
    },
  };
  running.add(self);
  return self;
}
