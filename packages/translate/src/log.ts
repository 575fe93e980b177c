/** @module What `forge-translate` says, on standard error alone. */

const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;

/** Least severe first. */
export type LogLevel = (typeof LEVELS)[number];

/** Says one thing. It must not hold a secret. */
export type Log = (level: LogLevel, message: string, facts?: Readonly<Record<string, unknown>>) => void;

/** More than this is not kept for somebody who does not read. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/**
 * A log that drops what is less severe than `least`. As `json`, every line is an object with `time`, `level`, `message`
 * and the facts; as `text`, facts are left out. While standard error is not read, lines are dropped and counted.
 */
export function createLog(least: LogLevel, format: 'text' | 'json'): Log {
  let dropped = 0;
  process.stderr.on('error', () => {}); // nobody may be there to read it: that is no reason to end
  return (level, message, facts) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    if (process.stderr.writableLength > MAX_UNREAD_BYTES) {
      dropped += 1;
      return;
    }
    if (dropped > 0)
      process.stderr.write(lineOf('warning', `${dropped} lines were dropped, because nobody read them.`));
    dropped = 0;
    process.stderr.write(lineOf(level, message, facts));
  };

  function lineOf(...[level, message, facts]: Parameters<Log>): string {
    if (format === 'text') return `forge-translate: ${message}\n`;
    return `${JSON.stringify({ time: new Date().toISOString(), level, message, ...facts })}\n`;
  }
}
