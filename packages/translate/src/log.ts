/** @module What `forge-translate` says, on standard error alone. */

const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const;

/** Least severe first. */
export type LogLevel = (typeof LEVELS)[number];

/** Says one thing. It must not hold a secret. */
export type Log = (level: LogLevel, message: string, facts?: Readonly<Record<string, unknown>>) => void;

/**
 * A log that drops what is less severe than `least`. As `json`, every line is an object with `time`, `level`, `message`
 * and the facts; as `text`, facts are left out.
 */
export function createLog(least: LogLevel, format: 'text' | 'json'): Log {
  process.stderr.on('error', () => {}); // nobody may be there to read it: that is no reason to end
  return (level, message, facts) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least)) return;
    const line =
      format === 'text'
        ? `forge-translate: ${message}`
        : JSON.stringify({ time: new Date().toISOString(), level, message, ...facts });
    process.stderr.write(`${line}\n`);
  };
}
