/** @module Legacy sessions with an upstream by key: kept while they are used, bounded, least recently used out. */
import { ForgeError } from './errors.ts';

/** One session. */
export interface PooledSession {
  /** Whether no call is in flight on it. */
  readonly idle: boolean;
  /** Whether it can no longer be used. */
  readonly closed: boolean;
  /** Whether it must take no more calls for now, though others have the right to one of its kind. */
  readonly leased?: boolean | undefined;
  close(): Promise<void>;
}

/** Options of {@link createSessionPool}. */
export interface SessionPoolOptions {
  /** Sessions at most. */
  readonly maxSessions: number;
  /** Milliseconds after which a session without a call is closed. */
  readonly idleMs: number;
}

/** Sessions by key. */
export interface SessionPool<S extends PooledSession> {
  /**
   * Runs `use` on the session of this key, which is opened if there is none. While that one is leased, another one is
   * opened beside it where there is room.
   *
   * @throws ForgeError `overloaded` when all are busy, or why it could not be opened.
   */
  use<T>(key: string, open: () => Promise<S>, use: (session: S) => Promise<T>): Promise<T>;
  /** The session of this key, if it is open. */
  peek(key: string): S | undefined;
  /** Closes the sessions whose keys match. */
  remove(matches: (key: string) => boolean): Promise<void>;
}

interface Entry<S> {
  readonly ready: Promise<S>;
  session?: S;
  usedAt: number;
  /** Grows with each use of any session. */
  turn: number;
  /** Calls that wait for it to open. */
  waiting: number;
}

/** No session yet. */
export function createSessionPool<S extends PooledSession>(options: SessionPoolOptions): SessionPool<S> {
  const entries = new Map<string, Entry<S>>();
  let turn = 0;
  let sweeper: ReturnType<typeof setInterval> | undefined;

  function drop(key: string, entry: Entry<S>): Promise<void> {
    if (entries.get(key) === entry) entries.delete(key);
    if (entries.size === 0) {
      clearInterval(sweeper);
      sweeper = undefined;
    }
    return entry.ready.then((session) => session.close(), ignore);
  }

  function unleased(wanted: string): string {
    if (entries.get(wanted)?.session?.leased !== true) return wanted;
    let key = wanted;
    while (entries.get(key)?.session?.leased === true) key += '+';
    const hasRoom = entries.has(key) || entries.size < options.maxSessions || [...entries.values()].some(isIdle);
    return hasRoom ? key : wanted; // most calls ask nothing, and do not mind
  }

  function makeRoom(): void {
    if (entries.size < options.maxSessions) return;
    // A scan, because opening is rare and using is not: an order of use would have to be kept with every call.
    const idle = [...entries].filter(([, entry]) => isIdle(entry));
    const [oldest] = idle.toSorted(([, a], [, b]) => a.turn - b.turn);
    if (oldest !== undefined) return void drop(...oldest);
    throw new ForgeError('overloaded', `All ${options.maxSessions} sessions of the upstream are busy`);
  }

  function sweep(): void {
    for (const [key, entry] of entries) {
      if (isIdle(entry) && Date.now() - entry.usedAt > options.idleMs) void drop(key, entry);
    }
  }

  function add(key: string, open: () => Promise<S>): Entry<S> {
    makeRoom();
    const ready = open().then((session) => (entry.session = session));
    const entry: Entry<S> = { ready, usedAt: 0, turn: 0, waiting: 0 };
    entries.set(key, entry);
    ready.catch(() => drop(key, entry));
    if (sweeper === undefined) {
      sweeper = setInterval(sweep, options.idleMs / 4);
      if (typeof sweeper === 'object') sweeper.unref();
    }
    return entry;
  }

  function touch(entry: Entry<S>): void {
    entry.usedAt = Date.now();
    entry.turn = ++turn;
  }

  async function whenOpen<T>(key: string, open: () => Promise<S>, use: (session: S) => Promise<T>): Promise<T> {
    const known = entries.get(key);
    const entry = known === undefined || known.session?.closed === true ? add(key, open) : known;
    touch(entry);
    entry.waiting += 1;
    const session = await entry.ready;
    entry.waiting -= 1;
    return use(session);
  }

  return {
    use(wanted, open, use) {
      const key = unleased(wanted);
      const known = entries.get(key);
      if (known?.session === undefined || known.session.closed) return whenOpen(key, open, use);
      touch(known);
      return use(known.session);
    },
    peek: (key) => entries.get(key)?.session,
    async remove(matches) {
      const gone = [...entries].filter(([key]) => matches(key));
      await Promise.all(gone.map(([key, entry]) => drop(key, entry)));
    },
  };
}

function isIdle<S extends PooledSession>({ session, waiting }: Entry<S>): boolean {
  return session?.idle === true && waiting === 0;
}

function ignore(): void {
  // it never opened, and whoever waited for it was told why
}
