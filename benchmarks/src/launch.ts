/** @module Child processes, none of which outlives us. */
import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';

/** A child process. */
export interface Launched {
  readonly process: ChildProcess;
  /** Resolves when it has ended, or could not be started. */
  readonly ended: Promise<undefined>;
  /** Asks it to end, and kills it if that takes too long. Resolves when it has ended. */
  stop(): Promise<void>;
}

/** How a process is treated at its end. */
export interface Ending {
  /** Asks it to end. @default SIGTERM */
  readonly ask?: (child: ChildProcess) => void;
  /** How long it may take then. */
  readonly withinMs: number;
  /** What it gets when we end ourselves. @default 'SIGKILL' */
  readonly last?: NodeJS.Signals;
}

const running = new Map<ChildProcess, NodeJS.Signals>();
process.on('exit', () => {
  for (const [child, signal] of running) child.kill(signal);
});

/** Starts a program. */
export function launch(command: string, args: readonly string[], options: SpawnOptions, ending: Ending): Launched {
  const { ask = (it) => it.kill('SIGTERM'), withinMs, last = 'SIGKILL' } = ending;
  const child = spawn(command, args, options);
  running.set(child, last);
  const ended = new Promise<undefined>((resolve) => {
    const settle = () => {
      running.delete(child);
      resolve(undefined);
    };
    child.once('close', settle);
    child.once('error', settle);
  });
  return {
    process: child,
    ended,
    async stop() {
      ask(child);
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs);
      await ended;
      clearTimeout(timer);
    },
  };
}
