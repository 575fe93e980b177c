/** @module The wish to end, from a terminal or a supervisor. */
import { watchLaunchers } from './launcher.ts';

/**
 * Resolves with the first SIGINT, SIGTERM or SIGHUP, or with SIGHUP when the npx that launched us is gone. Whoever waits then ends in order; a second signal ends the process at
 * once, with exit code 1.
 */
export function endSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    watchLaunchers(() => resolve('SIGHUP'));
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (!first) process.exit(1);
        first = false;
        resolve(signal);
      });
    }
  });
}
