/** @module The log: pino on standard error, as JSON or as lines of text. */
import { type Logger, pino } from 'pino';
import type { Settings } from './config/schema.ts';

/** Makes the log of the process. Writes are synchronous: nothing is lost when the process ends. */
export function createLog({ LOG_LEVEL, LOG_FORMAT }: Pick<Settings, 'LOG_LEVEL' | 'LOG_FORMAT'>): Logger {
  const level = { warning: 'warn', critical: 'fatal' }[LOG_LEVEL as string] ?? LOG_LEVEL;
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const format = LOG_FORMAT ?? (process.stderr.isTTY ? 'text' : 'json');
  return format === 'json'
    ? pino(options, pino.destination({ fd: 2, sync: true }))
    : pino(options, { write: (line) => void process.stderr.write(toText(line)) });
}

/** `12:00:00 WARN  message key=value` */
function toText(line: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const label = String(level).toUpperCase().padEnd(5);
  const extras = Object.entries(rest).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const stack = (err as { stack?: string } | undefined)?.stack;
  return `${String(time).slice(11, 19)} ${label} ${String(msg)}${extras.join('')}${stack === undefined ? '' : `\n${stack}`}\n`;
}
