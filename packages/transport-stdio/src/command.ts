/**
 * @module Finds what to execute. On POSIX the system does, by the child's PATH. On Windows npx and its kin are batch
 * files, which only cmd.exe can run, and cmd.exe has no quoting that holds for every argument. So a batch file that
 * merely starts Node is replaced by what it starts, and any other one gets only arguments that need no escaping.
 */
import { existsSync, readFileSync } from 'node:fs';
import { win32 } from 'node:path';
import { ForgeError } from '@forge/protocol';
import { variable } from './environment.ts';

/** What to hand to `child_process.spawn`. */
export interface Executable {
  readonly file: string;
  readonly args: readonly string[];
  /** Arguments are quoted already (`windowsVerbatimArguments`). */
  readonly verbatim?: boolean;
}

/** Where a command is looked for. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** Of the child. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** The contents of a file, `undefined` when there is none. @default reads the disk */
  readonly read?: (path: string) => string | undefined;
}

/** Literal inside double quotes, for cmd.exe as for the program behind it. */
const UNSAFE_IN_BATCH = /["%!^&|<>\r\n]|\\$/;

/** The script that a batch file made by npm starts: `"%_prog%" "%dp0%\node_modules\..." %*`. */
const NPM_SHIM = /"%_prog%"\s+"%(?:~dp0|dp0%)\\?([^"%]+)"\s+%\*/;

/**
 * Resolves a command without a shell.
 *
 * @throws ForgeError `invalid_params` when Windows could run it only with an argument that cmd.exe would interpret,
 * `upstream_unreachable` when it is a batch file's name and on no PATH.
 */
export function resolveCommand(command: string, args: readonly string[], where: Surroundings): Executable {
  if (where.platform !== 'win32') return { file: command, args };
  const read = where.read ?? readIfThere;
  const file = findOnWindows(command, where, read);
  if (!/\.(?:cmd|bat)$/i.test(file)) return { file, args };
  const script = scriptOf(file, read);
  if (script !== undefined) return { file: nodeBeside(file, read), args: [script, ...args] };
  return throughCmd(command, file, args, where.env);
}

function findOnWindows(command: string, where: Surroundings, read: (path: string) => string | undefined): string {
  const bare = !/[\\/:]/.test(command);
  const folders = bare ? (variable(where.env, 'PATH') ?? '').split(';').filter(Boolean) : [where.cwd ?? ''];
  const endings = (variable(where.env, 'PATHEXT') ?? '.COM;.EXE;.BAT;.CMD').split(';').map((e) => e.toLowerCase());
  // A bare name is never looked for in the working directory: whatever lies there is not what was meant.
  for (const folder of folders) {
    for (const ending of win32.extname(command) === '' ? endings : ['', ...endings]) {
      const path = win32.resolve(folder, command + ending);
      if (read(path) !== undefined) return path;
    }
  }
  throw new ForgeError('upstream_unreachable', `Cannot start "${command}": no such program on PATH`);
}

function scriptOf(file: string, read: (path: string) => string | undefined): string | undefined {
  const folder = win32.dirname(file);
  const name = win32.basename(file).toLowerCase();
  const own = name === 'npx.cmd' ? 'npx-cli.js' : name === 'npm.cmd' ? 'npm-cli.js' : undefined;
  if (own !== undefined) {
    const script = win32.join(folder, 'node_modules', 'npm', 'bin', own);
    if (read(script) !== undefined) return script;
  }
  const text = read(file) ?? '';
  const target = text.includes('"_prog=node"') ? NPM_SHIM.exec(text)?.[1] : undefined;
  return target === undefined ? undefined : win32.resolve(folder, target);
}

function nodeBeside(file: string, read: (path: string) => string | undefined): string {
  const beside = win32.join(win32.dirname(file), 'node.exe');
  return read(beside) === undefined ? process.execPath : beside;
}

function throughCmd(
  command: string,
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Executable {
  const unsafe = [file, ...args].findIndex((part) => UNSAFE_IN_BATCH.test(part));
  if (unsafe >= 0) {
    const what = unsafe === 0 ? 'its path' : `argument ${unsafe}`;
    throw new ForgeError(
      'invalid_params',
      `"${command}" is a batch file, and ${what} has characters that cmd.exe would interpret; name the program that it starts`,
    );
  }
  const line = [file, ...args].map((part) => `"${part}"`).join(' ');
  const root = variable(env, 'SYSTEMROOT') ?? 'C:\\Windows';
  return {
    file: win32.join(root, 'System32', 'cmd.exe'),
    args: ['/d', '/s', '/c', `"${line}"`],
    verbatim: true,
  };
}

function readIfThere(path: string): string | undefined {
  // Programs are only looked for; batch files are small.
  if (!existsSync(path)) return undefined;
  return /\.(?:cmd|bat)$/i.test(path) ? readFileSync(path, 'utf8') : '';
}
