/** @module How often, and how many times at once, one thing may be called. */
import { ForgeError } from '@forge/protocol';

/** Bounds; 0 is none. */
export interface CallBounds {
  /** Calls that may begin within any 60 seconds. */
  readonly perMinute: number;
  /** Calls that may be under way. */
  readonly concurrent: number;
}

const MINUTE_MS = 60_000;
/** Nobody knows when a call will end; this is when it is worth another look, in seconds. */
const SOON = 1;

/** Counts the calls of one thing. Nothing is allocated for a call. */
export class CallLimit {
  readonly #bounds: CallBounds;
  /** When the last calls began, as many as may begin in a minute: a ring. */
  readonly #begun: Float64Array;
  #next = 0;
  #running = 0;

  constructor(bounds: CallBounds) {
    this.#bounds = bounds;
    this.#begun = new Float64Array(bounds.perMinute).fill(-MINUTE_MS);
  }

  /** Whether nothing of it is under way, or counts any more. */
  isIdle(now: number): boolean {
    const last = this.#begun.at(this.#next - 1) ?? -MINUTE_MS;
    return this.#running === 0 && last <= now - MINUTE_MS;
  }

  /**
   * A call begins; {@link CallLimit.leave} must follow when it is over. `now`: milliseconds of a clock that never goes back.
   *
   * @throws ForgeError `too_many_requests` with the time to wait; then the call must not be made
   */
  enter(now: number): void {
    const { perMinute, concurrent } = this.#bounds;
    if (concurrent > 0 && this.#running >= concurrent) {
      throw tooMany(`${concurrent} calls of it are under way, and no more are allowed at one time`, SOON);
    }
    if (perMinute > 0) {
      const wait = (this.#begun[this.#next] ?? 0) + MINUTE_MS - now;
      if (wait > 0)
        throw tooMany(`It was called ${perMinute} times within a minute, and no more is allowed`, wait / 1000);
      this.#begun[this.#next] = now;
      this.#next = (this.#next + 1) % perMinute;
    }
    this.#running += 1;
  }

  /** A call is over. */
  leave(): void {
    this.#running -= 1;
  }
}

function tooMany(why: string, seconds: number): ForgeError {
  const retryAfter = Math.max(1, Math.ceil(seconds));
  return new ForgeError('too_many_requests', `Too many calls of this tool. ${why}; try again in ${retryAfter} s`, {
    retryAfter,
  });
}
