/** @module `forge-translate`: from the command line to running servers, and to an orderly end. */
import { readFile } from 'node:fs/promises';
import { endSignal, helpText, UsageError } from '@forge/cli';
import { createTranslate, type Translate } from './create-translate.ts';
import { command } from './flags.ts';
import { createLog, type Log } from './log.ts';
import { type CommandLine, readCommandLine } from './options.ts';
import { printConfig } from './print-config.ts';
import { report } from './report.ts';
import { shown } from './server-spec.ts';
import { packageVersion } from './version.ts';

/** After a signal, what has not ended by itself is killed; with all that it may take, it stays under 5 s. */
const LAST_MS = 4500;
/** How long the end waits for whoever reads what was said last. */
const LINGER_MS = 300;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 0 after an orderly end, 1 after a failure, 2 for a command line that cannot be used. */
async function main(argv: readonly string[]): Promise<number> {
  let log = createLog('info', 'text');
  try {
    const line = readCommandLine(argv, process.env);
    if (line === 'help') return print(helpText(command));
    if (line === 'version') return print(`forge-translate ${packageVersion()}, Node ${process.versions.node}\n`);
    log = createLog(line.logLevel, line.logFormat);
    for (const problem of line.problems) log('error', problem);
    if (line.action === 'check') return check(line);
    if (line.translate.servers.length === 0) throw new UsageError('There is no server that can be started.');
    if (line.action === 'print') return print(printConfig(line, process.env));
    return await serve(line, log);
  } catch (error) {
    const usage = error instanceof UsageError;
    log('critical', `${explain(error)}${usage ? '\nSee forge-translate --help.' : ''}`);
    return usage ? 2 : 1;
  }
}

/** Serves until a signal comes. A second one ends the process at once. */
async function serve(line: CommandLine, log: Log): Promise<number> {
  const stopping = new AbortController();
  const ended = untilSignal(stopping, log);
  let translate: Translate;
  try {
    translate = await createTranslate({
      ...line.translate,
      tls: await readTls(line.tls),
      log,
      signal: stopping.signal,
    });
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    throw error;
  }
  announce(line, translate, log);
  await ended;
  await translate.close();
  setTimeout(() => process.exit(0), LINGER_MS).unref();
  return 0;
}

async function untilSignal(stopping: AbortController, log: Log): Promise<void> {
  const signal = await endSignal();
  log('info', `Ending, because of ${signal}.`);
  setTimeout(() => process.exit(1), LAST_MS).unref(); // what runs then is killed by `exit` handlers
  stopping.abort();
}

function announce({ translate: options, logFormat, logLevel }: CommandLine, { servers }: Translate, log: Log): void {
  const keyed = (options.apiKeys ?? []).length > 0;
  if (options.insecure === true && !keyed)
    log('warning', `Whoever reaches ${options.host ?? '127.0.0.1'} may use this: nothing asks who they are.`);
  for (const { spec, error } of servers) {
    if (error !== undefined) log('error', `${spec.name ?? shown(spec)}: ${error.message}`);
  }
  if (logFormat === 'text') {
    if (['debug', 'info'].includes(logLevel)) process.stderr.write(report(servers, keyed));
    return;
  }
  for (const { spec, info, tools, mcpUrl, sseUrl, wsUrl } of servers) {
    const found = { protocolVersion: info?.protocolVersion, era: info?.era, tools };
    log('info', 'Serving', { name: spec.name, command: shown(spec), ...found, mcpUrl, sseUrl, wsUrl });
  }
}

function check({ translate, problems }: CommandLine): number {
  for (const spec of translate.servers) print(`${spec.name ?? 'server'}: ${shown(spec)}\n`);
  return problems.length === 0 && translate.servers.length > 0 ? 0 : 1;
}

async function readTls(files: CommandLine['tls']): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  if (files === undefined) return undefined;
  const [cert, key] = await Promise.all([readFile(files.cert), readFile(files.key)]);
  return { cert, key };
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'The port is in use. Choose another one with --port, or 0 for a free one.';
  if (code === 'forbidden')
    return `${message} Ask for a key with --api-key; or, if that is what you want, add --insecure-no-auth.`;
  return message;
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}
