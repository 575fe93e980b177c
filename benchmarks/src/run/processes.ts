/** @module Starts the processes of a run, and ends every one of them. */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Metrics } from '../cells.ts';
import { type Ending, launch, type Launched } from '../launch.ts';
import type { Job, JobResult } from '../load/job.ts';
import { nodeCommand } from './pinning.ts';

const READY_MS = 30_000;
/** The gateway may take 10 s for calls in flight. */
const END_MS = 12_000;
const KEPT_CHARS = 4000;

/** A server that listens. */
export interface ServerProcess {
  readonly pid: number;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly process: ChildProcess;
  /** SIGTERM, and SIGKILL if that does not help. Resolves when it has ended. */
  stop(): Promise<void>;
}

/** How to start a Node process. */
export interface Start {
  /** For messages. */
  readonly name: string;
  /** Absolute path of the script. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly core: number | undefined;
  /** Instead of the runner's own, whose settings must not reach the gateway. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Folder for a CPU profile. */
  readonly profileFolder?: string | undefined;
  /** A module of ours that runs in the process first, with `gc` at hand and messages from here. */
  readonly hook?: string | undefined;
}

/** The path of one of this package's scripts. */
export function ownScript(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/**
 * Starts a server and waits until it says where it listens.
 *
 * @throws with the end of its output, when it ends or says nothing in time.
 */
export async function startServer(start: Start): Promise<ServerProcess> {
  const stdio: SpawnOptions['stdio'] = [
    'ignore',
    'pipe',
    'pipe',
    ...(start.hook === undefined ? [] : ['ipc' as const]),
  ];
  const { process: child, ended, stop } = launchNode(start, stdio, { withinMs: END_MS });
  let output = '';
  const listening = new Promise<string>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        output = (output + chunk).slice(-KEPT_CHARS);
        const origin = /http:\/\/127\.0\.0\.1:\d+\b/.exec(output)?.[0];
        if (origin !== undefined) resolve(origin);
      });
    }
  });
  const origin = await Promise.race([listening, ended, delay(READY_MS, undefined, { ref: false })]);
  if (origin === undefined || child.pid === undefined) {
    await stop();
    throw new Error(`${start.name} did not start:\n${output.trim() || `(nothing said) ${start.script}`}`);
  }
  return { pid: child.pid, origin, process: child, stop };
}

/** The load generator's process. */
export interface LoadGenerator {
  /** @throws when an answer was not the one that was asked for. */
  measure(job: Job): Promise<Metrics>;
  stop(): Promise<void>;
}

/** Starts the load generator. */
export function startLoadGenerator(core: number | undefined): LoadGenerator {
  const start = { name: 'load generator', script: ownScript('load/generator.js'), core };
  const ending: Ending = { withinMs: END_MS, last: 'SIGTERM' }; // it has children of its own to end
  const { process: child, ended, stop } = launchNode(start, ['ignore', 'inherit', 'inherit', 'ipc'], ending);
  return {
    async measure(job) {
      const gone = ended.then(() => [{ failed: 'The load generator ended' }]);
      const answer = once(child, 'message') as Promise<[JobResult]>;
      child.send(job);
      const [result] = await Promise.race([answer, gone]);
      if ('failed' in result) throw new Error(result.failed);
      return result.metrics;
    },
    stop,
  };
}

function launchNode(start: Start, stdio: NonNullable<SpawnOptions['stdio']>, ending: Ending): Launched {
  const { script, args = [], core, env, cwd, profileFolder, hook } = start;
  const hooked = hook === undefined ? [] : ['--expose-gc', '--import', pathToFileURL(hook).href];
  const [command, line] = nodeCommand([...hooked, ...profiling(profileFolder), script, ...args], core);
  return launch(command, line, { stdio, env: env ?? process.env, cwd }, ending);
}

/** Flags of Node that write a CPU profile into `folder`, if there is one. */
export function profiling(folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
