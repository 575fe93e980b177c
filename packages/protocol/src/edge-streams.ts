/** @module What the event streams of one edge have in common: what was sent on them, and when silence makes one. */
import type { ClientExchange } from './client-exchange.ts';
import { EventStore } from './event-store.ts';
import { createDeadlines, type Deadlines } from './rpc-link-deadlines.ts';

/** Bounds of event streams. */
export interface EdgeStreamsOptions {
  /**
   * Milliseconds after which a call that has said nothing gets its stream all the same, so that proxies see life on it and
   * a legacy client can come back for it.
   * @default 10_000
   */
  readonly silentMs?: number | undefined;
  /**
   * Milliseconds for which a legacy client that has lost a stream can go on with it as if nothing had happened. After that
   * it is asked nothing more and told of no progress; the answer is there for longer.
   * @default 60_000
   */
  readonly resumeMs?: number | undefined;
  /**
   * Characters of events that are kept for legacy clients that may have lost them.
   * @default 33_554_432
   */
  readonly maxKeptChars?: number | undefined;
}

/** The event streams of one edge. */
export interface EdgeStreams {
  readonly store: EventStore;
  readonly silence: Deadlines<ClientExchange>;
  readonly resumeMs: number;
}

/** Makes what they share. */
export function createEdgeStreams(options: EdgeStreamsOptions = {}): EdgeStreams {
  const { silentMs = 10_000, resumeMs = 60_000 } = options;
  const silence = createDeadlines<ClientExchange>(silentMs, (exchange) => {
    if (exchange.takesEvents) exchange.openStream();
  });
  return { store: new EventStore(options.maxKeptChars), silence, resumeMs };
}
