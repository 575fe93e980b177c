/** @module Leaves a record of each call in the store, in batches, off the call's way. When the buffer is full the call wins. */
import type { AuditEntry } from '../contracts/model.ts';
import type { Store } from '../contracts/store.ts';
import { after, every } from '../upstreams/timer.ts';
import type { CallObserver } from './observe.ts';

/** How the trail is kept. */
export interface AuditOptions {
  /** Records that wait to be written, those that the store was given already included. @default 10000 */
  readonly maxPending?: number;
  /** Milliseconds between two writes. @default 1000 */
  readonly flushMs?: number;
  /** Newest records kept; about 50,000 more stay until the next deletion. @default 1000000 */
  readonly keep?: number;
  /**
   * Is told of records that were lost, at most once in `flushMs`: how many since it was told last, and what the store said,
   * if it said anything.
   */
  onLost?(count: number, cause: unknown): void;
  /** Milliseconds that `close` waits for a store. @default 5000 */
  readonly closeMs?: number;
}

/** The audit trail. */
export interface AuditTrail {
  readonly observe: CallObserver;
  /** Records lost because too many waited to be written, or a write failed. */
  readonly lost: number;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Records written at once; as many waiting are reason enough to write. Fewer at a time cost each call more: the database takes the processor's caches. */
const BATCH = 1000;
/** Characters that are kept; clients may send any number. */
const MAX_METHOD = 64;
const MAX_TARGET = 256;
/** Old records are deleted after this many new ones. */
const PRUNE_EVERY = 50_000;

/** Starts writing to `store.audit`. */
export function createAuditTrail(store: Store, options: AuditOptions = {}): AuditTrail {
  const maxPending = options.maxPending ?? 10_000;
  let pending: AuditEntry[] = [];
  /** Those pending, and those of writes that have not ended. */
  let unwritten = 0;
  let lost = 0;
  /** Of `lost`, what `onLost` knows of. */
  let told = 0;
  let cause: unknown;
  let sequence = 0;
  /** The first write prunes: what an earlier process has left counts too. */
  let unpruned = PRUNE_EVERY;
  let writing: Promise<void> = Promise.resolve();
  const run = Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0');
  const stop = every(options.flushMs ?? 1000, () => {
    void flush();
    tell();
  });

  function tell(): void {
    if (lost === told) return;
    options.onLost?.(lost - told, cause);
    told = lost;
    cause = undefined;
  }

  function nextId(): string {
    sequence += 1;
    return `${Date.now()}${run}${String(sequence).padStart(8, '0')}`;
  }

  /** Writes what is pending, one flush after the other. */
  function flush(): Promise<void> {
    if (pending.length === 0) return writing;
    const entries = pending;
    pending = [];
    writing = writing.then(() => write(entries));
    return writing;
  }

  async function write(entries: readonly AuditEntry[]): Promise<void> {
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = { id: nextId(), entries: entries.slice(start, start + BATCH) };
      try {
        await store.audit.append(batch);
      } catch (error) {
        lost += batch.entries.length; // counted and told: a trail that cannot be written must not stop calls
        cause = error;
      }
      unwritten -= batch.entries.length;
    }
    unpruned += entries.length;
    if (unpruned < PRUNE_EVERY) return;
    unpruned = 0;
    await store.audit.prune(options.keep ?? 1_000_000).catch(() => 0); // tried again later
  }

  return {
    get lost() {
      return lost;
    },
    flush,
    async close() {
      stop();
      let callOff = (): void => {};
      const patience = new Promise<void>((resolve) => {
        callOff = after(options.closeMs ?? 5000, resolve);
      });
      await Promise.race([flush(), patience]);
      callOff();
      lost += unwritten;
      unwritten = 0;
      tell();
    },
    observe({ call, outcome, summary, at, durationMs }) {
      if (unwritten >= maxPending) {
        lost += 1;
        return;
      }
      unwritten += 1;
      pending.push({
        at,
        principal: call.principal.id,
        method: call.request.method.slice(0, MAX_METHOD),
        target: call.target?.slice(0, MAX_TARGET),
        serverId: call.serverId,
        upstreamId: call.upstreamId,
        outcome: summary,
        errorCode: outcome.error?.code,
        durationMs,
      });
      if (pending.length === BATCH) void flush();
    },
  };
}
