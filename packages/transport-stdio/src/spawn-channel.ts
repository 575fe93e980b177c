/** @module A child process as a channel: MCP over its stdin and stdout, and its whole process tree gone at the end. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type Channel, ForgeError } from '@forge/protocol';
import { resolveCommand } from './command.ts';
import { childEnvironment } from './environment.ts';
import { createLineReader, writeLine } from './lines.ts';
import { endTree, killAtExit } from './process-tree.ts';
import { settledWithin } from './settled.ts';
import { createStderrTail } from './stderr-tail.ts';

/** What to launch, and how to treat it. */
export interface SpawnChannelOptions {
  /** A program on PATH, or a path. Never given to a shell. */
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** On top of the few variables that every child inherits (HOME, PATH, LANG, ...). */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** Bytes of one message; the child is ended when it sends more, or leaves more unread. @default 67108864 */
  readonly maxMessageBytes?: number | undefined;
  /** How long the child may take to exit once its stdin is closed. @default 2000 */
  readonly closeGraceMs?: number | undefined;
  /** How long it may take to exit after SIGTERM. @default 2000 */
  readonly killGraceMs?: number | undefined;
  /** Gets each line that the child writes to stderr. */
  readonly onStderr?: ((line: string) => void) | undefined;
  /** Gets the first line on stdout that is no message; such lines are skipped. */
  readonly onNoise?: ((line: string) => void) | undefined;
  /** @default process.platform */
  readonly platform?: NodeJS.Platform | undefined;
}

/** A child's stdio. */
export interface ChildChannel extends Channel {
  readonly pid: number;
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const GRACE_MS = 2000;
/** How long output may still come after the exit, where a descendant holds the pipes open. */
const DRAIN_MS = 500;

/**
 * Launches a child in a process group of its own. When it ends unasked, `onClose` gets an error that names the command,
 * its exit code or signal, and its last lines on stderr. Whatever it started is ended with it.
 *
 * @throws ForgeError `upstream_unreachable` when it cannot be started, `invalid_params` when the command cannot be run as
 * it stands.
 *
 * @example
 * const channel = await spawnChannel({ command: 'uvx', args: ['mcp-server-git'] });
 * channel.onMessage = (message) => console.error(message);
 * channel.send('{"jsonrpc":"2.0","id":1,"method":"ping"}');
 */
export async function spawnChannel(options: SpawnChannelOptions): Promise<ChildChannel> {
  const platform = options.platform ?? process.platform;
  const child = await launch(options, platform);
  return supervise(child, options, platform);
}

async function launch(
  options: SpawnChannelOptions,
  platform: NodeJS.Platform,
): Promise<ChildProcessWithoutNullStreams> {
  const { command, cwd } = options;
  const env = childEnvironment(process.env, options.env, platform);
  const executable = resolveCommand(command, options.args ?? [], { platform, env, cwd });
  try {
    const child = spawn(executable.file, executable.args, {
      cwd,
      env,
      stdio: 'pipe',
      detached: platform !== 'win32',
      windowsHide: true,
      windowsVerbatimArguments: executable.verbatim === true,
    });
    killAtExit(child, platform);
    await once(child, 'spawn');
    return child;
  } catch (error) {
    const why = cwd !== undefined && !existsSync(cwd) ? `there is no folder "${cwd}"` : describeSpawnError(error);
    throw new ForgeError('upstream_unreachable', `Cannot start "${command}": ${why}`, { cause: error });
  }
}

function describeSpawnError(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'no such program (ENOENT)';
    case 'EACCES':
      return 'it is not executable (EACCES)';
    case 'EAGAIN':
      return 'the system allows no more processes (EAGAIN)';
    default:
      return (error as NodeJS.ErrnoException).code ?? 'the command or an argument is not valid';
  }
}

function supervise(
  child: ChildProcessWithoutNullStreams,
  options: SpawnChannelOptions,
  platform: NodeJS.Platform,
): ChildChannel {
  const maxBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
  const { closeGraceMs = GRACE_MS, killGraceMs = GRACE_MS } = options;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const drained = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let closed = false;
  let fault: string | undefined; // what it did that made us end it
  let ending: Promise<void> | undefined;
  let signalled = false;
  let noisy = false;

  const tail = createStderrTail(options.onStderr);
  const reader = createLineReader({
    maxMessageBytes: maxBytes,
    onMessage: (message) => channel.onMessage(message),
    onNoise(line) {
      if (!noisy) options.onNoise?.(line);
      noisy = true;
    },
    onOverflow: () => fail(`sent a message of more than ${maxBytes} bytes`, 0),
  });

  const channel: ChildChannel = {
    pid: child.pid ?? 0,
    onMessage() {},
    onClose() {},
    send(message) {
      if (ending !== undefined || writeLine(child.stdin, message, maxBytes)) return;
      fail(`left more than ${maxBytes} bytes on its stdin unread`, 0);
    },
    close() {
      closed = true;
      reader.stop();
      return end(closeGraceMs);
    },
  };

  function fail(what: string, graceMs: number): void {
    fault ??= what;
    void end(graceMs);
  }

  function end(graceMs: number): Promise<void> {
    ending ??= endWithin(graceMs);
    return ending;
  }

  async function endWithin(graceMs: number): Promise<void> {
    child.stdin.end();
    await settledWithin(exited, graceMs);
    signalled = child.exitCode === null && child.signalCode === null;
    await endTree(child, killGraceMs, platform);
    await settledWithin(drained, DRAIN_MS);
    child.stdin.destroy();
    child.stdout.destroy();
    child.stderr.destroy();
  }

  async function report(): Promise<void> {
    await settledWithin(drained, DRAIN_MS);
    tail.end();
    if (closed) return;
    reader.stop();
    const { exitCode, signalCode } = child;
    const death = exitCode === null ? `was killed by ${signalCode}` : `exited with code ${exitCode}`;
    const what = signalled && fault !== undefined ? `${fault} and was ended` : death;
    const stderr = tail.text();
    channel.onClose(new Error(`"${options.command}" ${what}${stderr === '' ? '' : `. Its stderr ended:\n${stderr}`}`));
  }

  child.stdout.on('data', (chunk: Buffer) => reader.push(chunk));
  child.stdout.once('end', () => {
    reader.end();
    fail('closed its stdout', closeGraceMs);
  });
  child.stdout.on('error', () => fail('broke its stdout', closeGraceMs));
  child.stdin.on('error', () => fail('closed its stdin', closeGraceMs)); // EPIPE: it has exited, or does not listen
  child.stderr.on('data', (chunk: Buffer) => tail.push(chunk));
  child.stderr.on('error', () => {}); // diagnostics only
  child.on('error', () => {}); // after `spawn`: a signal that was not delivered, which endTree sees for itself
  void exited.then(() => {
    void end(0);
    return report();
  });
  return channel;
}
