/**
 * @module The legacy sessions of one edge: found by id and owner, bounded in number, let go of when nobody uses them. With a
 * key that is no end: the id carries what it takes to revive the session, here or in another process.
 */
import type { EdgeStreams } from './edge-streams.ts';
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Caller } from './exchange.ts';
import { unref } from './legacy-asks.ts';
import type { SessionFacts } from './legacy-opening.ts';
import { SessionIds, type SessionIdsOptions } from './legacy-session-ids.ts';
import type { SessionMemory, SessionState } from './legacy-session-memory.ts';
import { LegacySession } from './legacy-session.ts';
import { serverClosed } from './reply.ts';

/** Bounds of {@link LegacySessions}, and what lets sessions outlive them. */
export interface LegacySessionsOptions extends SessionIdsOptions {
  /**
   * Sessions at most. Past it the one that has been idle for longest makes room; if none is idle, there is none.
   * @default 10_000
   */
  readonly max?: number | undefined;
  /**
   * Milliseconds after which a session that is not in use ends; with a key it is only forgotten, until it is used again.
   * @default 1_800_000 (30 minutes)
   */
  readonly idleMs?: number | undefined;
  /** Keeps what clients ask of sessions whose ids carry them. @default nothing is kept */
  readonly memory?: SessionMemory | undefined;
  /** The clock, in ms. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** Makes the streams of sessions resumable. */
  readonly streams?: EdgeStreams | undefined;
}

const SWEEP_MS = 60_000;
const RETRY_AFTER = 10;
/** Ids remembered as ended by their clients. Past it the oldest is forgotten, and might be revived by who ended it. */
const MAX_ENDED = 10_000;

/** The sessions by id. */
export class LegacySessions {
  readonly #sessions = new Map<string, LegacySession>();
  readonly #max: number;
  readonly #idleMs: number;
  readonly #ids: SessionIds;
  readonly #memory: SessionMemory | undefined;
  readonly #now: () => number;
  readonly #ended = new Set<string>();
  readonly #streams: EdgeStreams | undefined;
  #sweeping: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(options: LegacySessionsOptions = {}) {
    this.#max = options.max ?? 10_000;
    this.#idleMs = options.idleMs ?? 1_800_000;
    this.#memory = options.memory;
    this.#now = options.now ?? Date.now;
    this.#ids = new SessionIds(options, this.#now);
    this.#streams = options.streams;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Starts a session. @throws ForgeError `overloaded` when there is no room. */
  async open(facts: SessionFacts): Promise<LegacySession> {
    return this.#add(await this.#ids.make(facts), facts);
  }

  /**
   * The session that a request names: at once where it is known; a promise where it has to be revived, because this
   * process has never seen it, or has let go of it. A session of someone else, or of another endpoint, is as good as none.
   *
   * @throws ForgeError `invalid_request` without an id, `session_not_found`; the promise rejects with `overloaded` too
   */
  find(id: string | undefined, endpoint: Endpoint, caller: Caller): LegacySession | Promise<LegacySession> {
    if (id === undefined) throw new ForgeError('invalid_request', 'Mcp-Session-Id is required: initialize first');
    return this.#known(id, endpoint, caller) ?? this.#revive(id, endpoint, caller);
  }

  /** Ends a session for good, as its client wants. */
  end(session: LegacySession): void {
    const { id, state } = session;
    this.#drop(session);
    if (!this.#ids.mayCarry(id)) return;
    if (state !== undefined) this.#memory?.forget(id);
    this.#ended.add(id);
    if (this.#ended.size <= MAX_ENDED) return;
    for (const oldest of this.#ended) return void this.#ended.delete(oldest);
  }

  /** Lets go of all sessions and takes no more. */
  close(): void {
    this.#closed = true;
    for (const session of this.#sessions.values()) this.#drop(session, serverClosed());
  }

  /** `undefined` where the id may carry a session. @throws ForgeError `session_not_found` */
  #known(id: string, endpoint: Endpoint, caller: Caller): LegacySession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined && this.#ids.mayCarry(id) && !this.#ended.has(id)) return undefined;
    if (session === undefined || session.endpoint.key !== endpoint.key || session.caller.id !== caller.id) {
      throw new ForgeError('session_not_found');
    }
    session.endpoint = endpoint;
    session.lastUsed = this.#now();
    return session;
  }

  async #revive(id: string, endpoint: Endpoint, caller: Caller): Promise<LegacySession> {
    const facts = await this.#ids.read(id, endpoint, caller);
    if (facts === undefined) throw new ForgeError('session_not_found');
    const state = await this.#memory?.load(id);
    // Another request may have revived or ended it meanwhile.
    return this.#known(id, endpoint, caller) ?? this.#add(id, facts, state);
  }

  #add(id: string, facts: SessionFacts, state?: SessionState): LegacySession {
    if (this.#closed || (this.#sessions.size >= this.#max && !this.#evictOne())) {
      throw new ForgeError('overloaded', 'No more sessions at present', { retryAfter: RETRY_AFTER });
    }
    const session = new LegacySession(id, facts, this.#now, {
      streams: this.#streams,
      onState: this.#ids.mayCarry(id) ? this.#save : undefined,
    });
    if (state !== undefined) session.restore(state);
    this.#sessions.set(id, session);
    if (this.#sweeping === undefined) {
      this.#sweeping = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, this.#idleMs));
      unref(this.#sweeping);
    }
    return session;
  }

  readonly #save = ({ id, state }: LegacySession): void => {
    if (state === undefined) this.#memory?.forget(id);
    else this.#memory?.save(id, state);
  };

  #drop(session: LegacySession, error?: ForgeError): void {
    this.#sessions.delete(session.id);
    session.end(error);
    if (this.#sessions.size > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }

  #sweep(): void {
    const usedBefore = this.#now() - this.#idleMs;
    for (const session of this.#sessions.values()) {
      if (session.isIdle && session.lastUsed <= usedBefore) this.#drop(session);
    }
  }

  /**
   * A scan, because opening a session at the bound is rare and finding one is not: keeping a Map in order of use by
   * taking entries out and in again makes V8 walk past every hole that a busy session has left.
   */
  #evictOne(): boolean {
    let oldest: LegacySession | undefined;
    for (const session of this.#sessions.values()) {
      if (session.isIdle && session.lastUsed < (oldest?.lastUsed ?? Infinity)) oldest = session;
    }
    if (oldest !== undefined) this.#drop(oldest);
    return oldest !== undefined;
  }
}
