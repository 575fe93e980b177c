/** @module Real processes: started, waited for, and ended with everything below them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { descendants, survivors } from './process-table.ts';
import type { Scope } from './scope.ts';

/** How to start a program. */
export interface Start {
  readonly command: string;
  readonly args?: readonly string[];
  /** On top of PATH, HOME and what package managers need; nothing else of the test's own environment gets through. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A process that was started. */
export interface Running {
  readonly pid: number;
  /** What it has written so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Waits for a match in what it writes to either stream. @throws with all it wrote, when it ends or the time is up */
  says(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  /** Its exit code; `null` when a signal ended it. */
  readonly exit: Promise<number | null>;
  /**
   * Sends SIGTERM to its process group, as a terminal sends SIGINT, and waits for the end. Idempotent.
   *
   * @throws when it has to be killed, or leaves a process behind (which is killed)
   */
  stop(): Promise<number | null>;
}

/** What a program that ran to its end left. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Less than a hook may take, so that it is this that is reported. */
const END_MS = 6000;
const ORPHAN_MS = 2000;
/** How long output may come after the exit; an orphan that holds the pipe would keep it open for ever. */
const LAST_WORDS_MS = 500;
const INHERITED =
  /^(?:PATH|HOME|USER|LANG|TMPDIR|TERM|CI|(?:PYENV|UV|PIP|NPM_CONFIG|SSL|NODE_EXTRA_CA|HTTPS?_PROXY|NO_PROXY|REQUESTS|npm_config|https?_proxy|no_proxy).*)$/;

/** Starts a program; it ends with the scope. */
export function start(scope: Scope, { command, args = [], env, cwd }: Start): Running {
  const child = spawn(command, args, {
    cwd,
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  child.once('error', () => {}); // there is no pid then
  if (pid === undefined) throw new Error(`${command} cannot be started`);
  const text = { stdout: '', stderr: '' };
  let heard = (): void => {};
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      text[name] += chunk;
      heard();
    });
  }
  const closed = once(child, 'close');
  const exit = once(child, 'exit').then(async ([code]) => {
    await Promise.race([closed, delay(LAST_WORDS_MS, undefined, { ref: false })]);
    return code as number | null;
  });
  let stopping: Promise<number | null> | undefined;
  return scope.add(
    {
      pid,
      get stdout() {
        return text.stdout;
      },
      get stderr() {
        return text.stderr;
      },
      exit,
      async says(pattern, timeoutMs = 30_000) {
        const match = new Promise<RegExpExecArray>((resolve) => {
          heard = () => {
            const found = pattern.exec(text.stdout) ?? pattern.exec(text.stderr);
            if (found) resolve(found);
          };
          heard();
        });
        const why = await Promise.race([
          match,
          exit.then((code) => `ended with ${code}`),
          delay(timeoutMs, 'was silent', { ref: false }),
        ]);
        if (typeof why !== 'string') return why;
        throw new Error(`${command} ${why} instead of saying ${String(pattern)}\n${text.stdout}\n${text.stderr}`);
      },
      stop: () => (stopping ??= stop(pid, exit)),
    },
    (running) => running.stop(),
  );
}

/** Runs a program to its end. @throws with what it wrote, when it takes too long */
export async function run(start_: Start & { readonly timeoutMs?: number }): Promise<Finished> {
  const { command, args = [], env, cwd, timeoutMs = 60_000 } = start_;
  const child = spawn(command, args, {
    cwd,
    env: { ...inherited(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (signal !== null) throw new Error(`${lineOf(start_)} was ended by ${signal}\n${stdout}\n${stderr}`);
  return { code, stdout, stderr };
}

/** {@link run} for what must succeed; its standard output, trimmed. @throws with what it wrote, when it fails */
export async function output(start_: Start & { readonly timeoutMs?: number }): Promise<string> {
  const { code, stdout, stderr } = await run(start_);
  if (code === 0) return stdout.trim();
  throw new Error(`${lineOf(start_)} ended with ${code}\n${stdout}\n${stderr}`);
}

/** For messages: what was started, without the token that it was given. */
function lineOf({ command, args = [] }: Start): string {
  return [command, ...args].join(' ').replaceAll(/Bearer [\w.-]+/g, 'Bearer ...');
}

async function stop(pid: number, exit: Promise<number | null>): Promise<number | null> {
  const below = descendants(pid);
  signal(pid, 'SIGTERM');
  const code = await Promise.race([exit, delay(END_MS, 'late' as const, { ref: false })]);
  if (code === 'late') signal(pid, 'SIGKILL');
  const left = await survivors([pid, ...below], ORPHAN_MS);
  for (const line of left) process.kill(Number.parseInt(line, 10), 'SIGKILL');
  if (code === 'late') throw new Error(`Process ${pid} did not end within ${END_MS} ms after SIGTERM`);
  if (left.length > 0) throw new Error(`Process ${pid} left behind:\n${left.join('\n')}`);
  return code;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has ended by itself
  }
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value !== undefined && INHERITED.test(name) ? [[name, value]] : [],
    ),
  );
}
