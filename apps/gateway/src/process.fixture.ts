/** @module The command as people start it: a process of its own, from `bin`, in a directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = new URL('../bin/forge-gateway.js', import.meta.url).pathname;

/** How a process ended, and what it said. */
interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly exit: Promise<Ended>;
  /** Resolves with the first group of `pattern` in what it says; rejects when it ends without saying it. */
  saw(pattern: RegExp): Promise<string>;
}

/** A working directory with processes in it. */
export interface Workplace {
  readonly directory: string;
  write(name: string, text: string): void;
  launch(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Launches and waits for the end. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Launches on a free port and waits until it is ready. */
  serve(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Running & { readonly url: string }>;
  /** Prints a token. */
  token(...args: string[]): Promise<string>;
  /** Ends what still runs, and takes the directory away. */
  clear(): Promise<void>;
}

/** Makes a workplace. */
export function createWorkplace(): Workplace {
  const directory = mkdtempSync(join(tmpdir(), 'forge-gateway-'));
  const running: Running[] = [];

  function launch(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: directory,
      env: { PATH, HOME, ...env },
      stdio: 'pipe',
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    const exit = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
    const saw = async (pattern: RegExp): Promise<string> => {
      for (;;) {
        const found = pattern.exec(output.stdout) ?? pattern.exec(output.stderr);
        if (found !== null) return found[1] ?? found[0];
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${output.stderr}`);
        await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), exit]);
      }
    };
    const launched = { child, exit, saw };
    running.push(launched);
    return launched;
  }

  const run: Workplace['run'] = (args, env) => launch(args, env).exit;
  return {
    directory,
    write: (name, text) => writeFileSync(join(directory, name), text),
    launch,
    run,
    async serve(args = [], env = {}) {
      const launched = launch(['--port', '0', ...args], env);
      return { ...launched, url: await launched.saw(/is ready on (http:\S+)/) };
    },
    async token(...args) {
      return (await run(['token', ...args])).stdout.trim();
    },
    async clear() {
      for (const { child } of running) child.kill('SIGKILL');
      await Promise.all(running.map(({ exit }) => exit));
      rmSync(directory, { recursive: true });
    },
  };
}
