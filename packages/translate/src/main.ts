/** @module `forge-translate`: from the command line to a running server, and to an orderly end. */
import { endSignal, helpText, UsageError } from '@forge/cli';
import { createTranslate } from './create-translate.ts';
import { command, type CommandLine, type LogLevel, readCommandLine } from './options.ts';
import { report } from './report.ts';
import { packageVersion } from './version.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'critical'];

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  try {
    const line = readCommandLine(argv);
    if (line === 'help') process.stdout.write(helpText(command));
    else if (line === 'version')
      process.stdout.write(`forge-translate ${packageVersion()}, Node ${process.versions.node}\n`);
    else await serve(line);
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError;
    say(`${explain(error)}${usage ? '\nSee forge-translate --help.' : ''}`);
    return usage ? 2 : 1;
  }
}

/** Serves until a signal comes. */
async function serve(line: CommandLine): Promise<void> {
  const ended = endSignal();
  const [program, ...args] = line.child;
  const loud = (level: LogLevel) => LEVELS.indexOf(level) >= LEVELS.indexOf(line.logLevel);
  const translate = await createTranslate({
    command: program,
    args,
    host: line.host,
    port: line.port,
    insecure: line.insecure,
    sse: line.sse,
    streamableHttp: line.streamableHttp,
    ssePath: line.ssePath,
    messagePath: line.messagePath,
    allowedOrigins: line.origins,
    keepAliveMs: line.keepAliveMs,
    log: (level, message) => {
      if (loud(level)) say(message);
    },
  });
  if (line.insecure && loud('warning'))
    say(`Whoever reaches ${line.host} may use this server: nothing asks who they are.`);
  if (loud('info')) process.stderr.write(report({ command: line.child.join(' '), ...translate }));
  await ended;
  await translate.close();
}

function explain(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return 'The port is in use. Choose another one with --port, or 0 for a free one.';
  if (code === 'forbidden') return `${message} If that is what you want, add --insecure-no-auth.`;
  return message;
}

function say(message: string): void {
  process.stderr.write(`forge-translate: ${message}\n`);
}
