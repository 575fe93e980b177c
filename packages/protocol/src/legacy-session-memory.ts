/** @module What outlives a process of a legacy session, besides its id: a contract for whoever can keep it. */

/** What a client has asked of its session's stream. */
export interface SessionState {
  /** Least severe level of `notifications/message` that it wants. */
  readonly logLevel?: string | undefined;
  /** Resources that it watches. */
  readonly uris: readonly string[];
}

/** Keeps the states of sessions whose ids carry them. None of it is part of a plain call. */
export interface SessionMemory {
  /** What was saved last, when a session is revived. A rejection fails the request that wanted the session. */
  load(id: string): Promise<SessionState | undefined>;
  /** Keeps a state instead of the one before; called when a client has set a level or a subscription. Must not throw. */
  save(id: string, state: SessionState): void;
  /** There is nothing to keep any more. Must not throw. */
  forget(id: string): void;
}
