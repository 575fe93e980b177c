/** @module What a test opened, ended in reverse. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Collects the ends of what was opened. */
export interface Scope {
  /** Has `end` called when the scope ends; returns what was opened. */
  add<T>(opened: T, end: (opened: T) => unknown): T;
  /** An empty folder of its own. */
  folder(): string;
  /** Ends everything, also when some of it fails. @throws what failed first */
  end(): Promise<void>;
}

/**
 * Makes a scope.
 *
 * @example
 * const scope = createScope();
 * afterAll(() => scope.end());
 */
export function createScope(): Scope {
  const ends: (() => unknown)[] = [];
  const scope: Scope = {
    add(opened, end) {
      ends.push(() => end(opened));
      return opened;
    },
    folder() {
      const path = mkdtempSync(join(tmpdir(), 'forge-e2e-'));
      return scope.add(path, () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
    },
    async end() {
      const failures: unknown[] = [];
      for (const end of ends.splice(0).toReversed()) {
        try {
          await end();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
  };
  return scope;
}
