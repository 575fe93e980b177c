/** @module Starts the processes of a run, and ends every one of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Metrics } from '../cells.ts';
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
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

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
  const child = spawnNode(start, ['ignore', 'pipe', 'pipe']);
  const ended = whenEnded(child);
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
    await stop(child, ended);
    throw new Error(`${start.name} did not start:\n${output.trim() || `(nothing said) ${start.script}`}`);
  }
  return { pid: child.pid, origin, stop: () => stop(child, ended) };
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
  const child = spawnNode(start, ['ignore', 'inherit', 'inherit', 'ipc']);
  const ended = whenEnded(child);
  return {
    async measure(job) {
      const gone = ended.then(() => [{ failed: 'The load generator ended' }]);
      const answer = once(child, 'message') as Promise<[JobResult]>;
      child.send(job);
      const [result] = await Promise.race([answer, gone]);
      if ('failed' in result) throw new Error(result.failed);
      return result.metrics;
    },
    stop: () => stop(child, ended),
  };
}

function spawnNode({ script, args = [], core, env, cwd, profileFolder }: Start, stdio: StdioOptions): ChildProcess {
  const profiling = profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`];
  const [command, line] = nodeCommand([...profiling, script, ...args], core);
  const child = spawn(command, line, { stdio, env: env ?? process.env, cwd });
  running.add(child);
  return child;
}

type StdioOptions = ('ignore' | 'pipe' | 'inherit' | 'ipc')[];

/** Resolves when the process has ended, or could not be started. */
function whenEnded(child: ChildProcess): Promise<undefined> {
  return new Promise((resolve) => {
    const settle = () => {
      running.delete(child);
      resolve(undefined);
    };
    child.once('close', settle);
    child.once('error', settle);
  });
}

async function stop(child: ChildProcess, ended: Promise<undefined>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await ended;
  clearTimeout(timer);
}
