/** @module What legacy sessions remember over a restart, in the store: written off the call's way, read on revival alone. */
import { digestOf, ForgeError, type SessionMemory, type SessionState } from '@forge/protocol';
import type { Store } from '../contracts/store.ts';
import { every } from '../upstreams/timer.ts';

/** How much is kept, and for how long. */
export interface SessionMemoryOptions {
  /** Milliseconds after which a state may go: no session lives longer. @default 604_800_000 (7 days) */
  readonly maxAgeMs?: number | undefined;
  /** Newest states kept. @default 100_000 */
  readonly keep?: number | undefined;
  /** Hears why a state could not be written; the client that set it is not told. @default nobody */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** The memory, and its end. */
export interface StoredSessionMemory extends SessionMemory {
  /** Writes what is left. */
  close(): Promise<void>;
}

/** Changes that wait for the database; past it they are lost. */
const MAX_UNWRITTEN = 10_000;
const PRUNE_MS = 3_600_000;
/** States deleted at once: each may be large, and everybody waits for the database. */
const PRUNE_BATCH = 500;

/** Starts keeping states in `store.sessionStates`. */
export function createSessionMemory(store: Store, options: SessionMemoryOptions = {}): StoredSessionMemory {
  const { maxAgeMs = 604_800_000, keep = 100_000, onError } = options;
  /** What is not written yet, by id; `undefined` is to be deleted. A client that changes its mind often is written once. */
  const unwritten = new Map<string, SessionState | undefined>();
  let writing: Promise<void> | undefined;
  let pruning = prune();
  const stop = every(PRUNE_MS, () => {
    pruning = prune();
  });

  function write(id: string, state: SessionState | undefined): void {
    if (unwritten.size >= MAX_UNWRITTEN && !unwritten.has(id)) {
      return onError?.(new ForgeError('overloaded', 'Too many states of sessions wait for the database'));
    }
    unwritten.set(id, state);
    writing ??= writeAll();
  }

  async function writeAll(): Promise<void> {
    for (let [next] = unwritten; next !== undefined; [next] = unwritten) {
      const [id, state] = next;
      try {
        await writeOne(await digestOf([id]), state);
      } catch (error) {
        onError?.(error);
      }
      if (unwritten.get(id) === state) unwritten.delete(id);
    }
    writing = undefined;
  }

  async function writeOne(id: string, state: SessionState | undefined): Promise<void> {
    if (state === undefined) await store.sessionStates.delete(id);
    else await store.sessionStates.put({ id, state: JSON.stringify(state), savedAt: Date.now() });
  }

  async function prune(): Promise<void> {
    const savedBefore = Date.now() - maxAgeMs;
    try {
      while ((await store.sessionStates.prune({ savedBefore, keep, limit: PRUNE_BATCH })) === PRUNE_BATCH);
    } catch (error) {
      onError?.(error);
    }
  }

  return {
    async load(id) {
      if (unwritten.has(id)) return unwritten.get(id);
      try {
        const found = await store.sessionStates.get(await digestOf([id]));
        return found && (JSON.parse(found.state) as SessionState);
      } catch (cause) {
        throw new ForgeError('overloaded', 'What the session remembers cannot be read', { cause, retryAfter: 1 });
      }
    },
    save: (id, state) => write(id, state),
    forget: (id) => write(id, undefined),
    async close() {
      stop();
      await Promise.all([writing, pruning]);
    },
  };
}
