/**
 * @module Events that legacy sessions have sent, kept for clients that may have lost them: bounded in each session, and over
 * all of an edge.
 */
import type { EventId } from './event-id.ts';
import { randomId } from './random-id.ts';
import { type Enlisted, Roster } from './roster.ts';
import type { SessionStream } from './session-stream.ts';

/** Events that one session keeps, and their characters. */
export const MAX_KEPT_EVENTS = 256;
export const MAX_KEPT_CHARS = 1_048_576;

/** Characters that an edge keeps: 64 MB at most. */
const MAX_STORED_CHARS = 33_554_432;
/** To how much of that it shrinks, so that making room is rare. */
const SHRUNK = 7 / 8;

/** One event that was sent, or would have been. */
export interface KeptEvent {
  readonly stream: SessionStream;
  readonly place: number;
  readonly data: string;
}

/** The events of one edge. */
export class EventStore {
  readonly #maxChars: number;
  readonly #logs = new Roster<EventLog>();
  #chars = 0;
  #appends = 0;

  /** @param maxChars characters that are kept at most */
  constructor(maxChars = MAX_STORED_CHARS) {
    this.#maxChars = maxChars;
  }

  /** Characters that are kept. */
  get chars(): number {
    return this.#chars;
  }

  /** A log has grown. Where there is no room, those that have not grown for longest are emptied: half a stream is of no use. */
  grown(log: EventLog, chars: number): void {
    this.#chars += chars;
    this.#appends += 1;
    log.grownAt = this.#appends;
    this.#logs.add(log);
    if (this.#chars <= this.#maxChars) return;
    for (const oldest of [...this.#logs].toSorted((a, b) => a.grownAt - b.grownAt)) {
      if (this.#chars <= this.#maxChars * SHRUNK) return;
      oldest.clear();
    }
  }

  /** A log has lost its oldest events, or all. */
  shrunk(log: EventLog, chars: number): void {
    this.#chars -= chars;
    if (log.isEmpty) this.#logs.delete(log);
  }
}

/** The events of one session, of all its streams, oldest first. */
export class EventLog implements Enlisted {
  slot = -1;
  /** Tells its ids from those that this session gave out in an earlier process. */
  readonly epoch = randomId().slice(0, 8);
  /** Whether the client takes an event without data, by which it can come back before there is a message. */
  readonly primes: boolean;
  /** When it has last grown, in appends to its store. */
  grownAt = 0;
  readonly #store: EventStore;
  #events: KeptEvent[] = [];
  #chars = 0;
  #streams = 0;

  constructor(store: EventStore, primes: boolean) {
    this.#store = store;
    this.primes = primes;
  }

  get isEmpty(): boolean {
    return this.#events.length === 0;
  }

  /** The number of a new stream. */
  nextStream(): number {
    this.#streams += 1;
    return this.#streams;
  }

  /** Whether there is room for an event of this length at all. */
  keep(event: KeptEvent): boolean {
    const { length } = event.data;
    if (length > MAX_KEPT_CHARS) return false;
    this.#events.push(event);
    this.#chars += length;
    this.#store.grown(this, length);
    while (this.#events.length > MAX_KEPT_EVENTS || this.#chars > MAX_KEPT_CHARS) this.#drop(1);
    return true;
  }

  /** What a stream has sent behind a place of it. */
  after(stream: SessionStream, place: number): KeptEvent[] {
    return this.#events.filter((event) => event.stream === stream && event.place > place);
  }

  /** The stream that an event belongs to, while any of its events is here. */
  find({ stream: number, requestId }: EventId): SessionStream | undefined {
    return this.#events.find(({ stream }) => stream.number === number && stream.requestId === requestId)?.stream;
  }

  clear(): void {
    this.#drop(this.#events.length);
  }

  #drop(count: number): void {
    let chars = 0;
    for (const { data } of this.#events.splice(0, count)) chars += data.length;
    this.#chars -= chars;
    this.#store.shrunk(this, chars);
  }
}
