/** @module What the wrapper says, on standard error alone: standard output belongs to the protocol. */
import { UsageError } from '@forge/cli';

/** Severities, and `off`. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'off';

/** Says one sentence. It must not hold a secret. */
export type Log = (level: Exclude<LogLevel, 'off'>, message: string) => void;

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warning', 'error', 'off'];
const OFF = new Set(['none', 'disable', 'false', '0']);

/** A log that drops what is less severe than `least`. Nobody may be there to read it; that is no error. */
export function createLog(least: LogLevel): Log {
  process.stderr.on('error', () => undefined); // a client that has gone reads no log
  return (level, message) => {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(least)) process.stderr.write(`forge-wrapper: ${printable(message)}\n`);
  };
}

/** Reads a level in any case. @throws UsageError */
export function readLogLevel(flag: string | undefined, variable: string | undefined): LogLevel {
  const word = (flag ?? variable ?? '').toLowerCase();
  if (word === '') return 'info';
  if (OFF.has(word)) return 'off';
  if (word === 'warn') return 'warning';
  if (word === 'critical') return 'error';
  if (LEVELS.includes(word as LogLevel)) return word as LogLevel;
  const name = flag === undefined ? 'MCP_WRAPPER_LOG_LEVEL' : '--log-level';
  throw new UsageError(`${name} must be one of ${LEVELS.join(', ')}, not "${printable(word)}".`);
}

/** A server's own texts must not steer the terminal, nor forge a line of the log. */
export function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?').slice(0, 2000);
}
