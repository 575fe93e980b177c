/** @module The legacy sessions of one edge: found by id and owner, bounded in number, ended when nobody uses them. */
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Caller } from './exchange.ts';
import { unref } from './legacy-asks.ts';
import type { Opening } from './legacy-opening.ts';
import { LegacySession } from './legacy-session.ts';
import { randomId } from './random-id.ts';

/** Bounds of {@link LegacySessions}. */
export interface LegacySessionsOptions {
  /**
   * Sessions at most. Past it the one that has been idle for longest makes room; if none is idle, there is none.
   * @default 10_000
   */
  readonly max?: number | undefined;
  /**
   * Milliseconds after which a session that is not in use ends.
   * @default 1_800_000 (30 minutes)
   */
  readonly idleMs?: number | undefined;
  /** Visible ASCII that cannot be guessed. @default 128 random bits */
  readonly newSessionId?: (() => string) | undefined;
  /** The clock, in ms. @default Date.now */
  readonly now?: (() => number) | undefined;
}

const SWEEP_MS = 60_000;
const RETRY_AFTER = 10;

/** The sessions by id. */
export class LegacySessions {
  readonly #sessions = new Map<string, LegacySession>();
  readonly #max: number;
  readonly #idleMs: number;
  readonly #newId: () => string;
  readonly #now: () => number;
  #sweeping: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  constructor(options: LegacySessionsOptions = {}) {
    this.#max = options.max ?? 10_000;
    this.#idleMs = options.idleMs ?? 1_800_000;
    this.#newId = options.newSessionId ?? randomId;
    this.#now = options.now ?? Date.now;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Starts a session. @throws ForgeError `overloaded` when there is no room. */
  open(opening: Opening): LegacySession {
    if (this.#closed || (this.#sessions.size >= this.#max && !this.#evictOne())) {
      throw new ForgeError('overloaded', 'No more sessions at present', { retryAfter: RETRY_AFTER });
    }
    const session = new LegacySession(this.#newId(), opening, this.#now);
    this.#sessions.set(session.id, session);
    if (this.#sweeping === undefined) {
      this.#sweeping = setInterval(() => this.#sweep(), Math.min(SWEEP_MS, this.#idleMs));
      unref(this.#sweeping);
    }
    return session;
  }

  /**
   * The session that a request names. A session of someone else, or of another endpoint, is as good as none.
   *
   * @throws ForgeError `invalid_request` without an id, `session_not_found`
   */
  find(id: string | undefined, endpoint: Endpoint, caller: Caller): LegacySession {
    if (id === undefined) throw new ForgeError('invalid_request', 'Mcp-Session-Id is required: initialize first');
    const session = this.#sessions.get(id);
    if (session === undefined || session.endpoint.key !== endpoint.key || session.caller.id !== caller.id) {
      throw new ForgeError('session_not_found');
    }
    session.endpoint = endpoint;
    session.lastUsed = this.#now();
    return session;
  }

  end(session: LegacySession): void {
    this.#sessions.delete(session.id);
    session.end();
    if (this.#sessions.size > 0) return;
    clearInterval(this.#sweeping);
    this.#sweeping = undefined;
  }

  /** Ends all sessions and takes no more. */
  close(): void {
    this.#closed = true;
    for (const session of this.#sessions.values()) this.end(session);
  }

  #sweep(): void {
    const usedBefore = this.#now() - this.#idleMs;
    for (const session of this.#sessions.values()) {
      if (session.isIdle && session.lastUsed <= usedBefore) this.end(session);
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
    if (oldest !== undefined) this.end(oldest);
    return oldest !== undefined;
  }
}
