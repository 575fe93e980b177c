/** @module Stops calling an upstream that fails again and again, and tries it with one call after a while. */
import { ForgeError } from '@forge/protocol';

/** Options of {@link Breaker}. */
export interface BreakerOptions {
  /** Failures in a row that open it. @default 5 */
  readonly threshold?: number | undefined;
  /** Milliseconds that it stays open at first; doubles with each trial that fails. @default 5000 */
  readonly openMs?: number | undefined;
  /** @default 60000 */
  readonly maxOpenMs?: number | undefined;
  /** @default Date.now */
  readonly now?: (() => number) | undefined;
}

/** One upstream's circuit breaker: closed, open until a moment, or half open while one trial is under way. */
export class Breaker {
  readonly #threshold: number;
  readonly #openMs: number;
  readonly #maxOpenMs: number;
  readonly #now: () => number;
  #failures = 0;
  #openings = 0;
  #openUntil = 0;
  #trying = false;
  #why = '';

  constructor({ threshold = 5, openMs = 5000, maxOpenMs = 60_000, now = Date.now }: BreakerOptions = {}) {
    this.#threshold = threshold;
    this.#openMs = openMs;
    this.#maxOpenMs = maxOpenMs;
    this.#now = now;
  }

  /** Why nothing is called now; `undefined` where it may be tried. */
  get refusal(): ForgeError | undefined {
    if (this.#openings === 0 || (this.#now() >= this.#openUntil && !this.#trying)) return undefined;
    const seconds = Math.max(1, Math.ceil((this.#openUntil - this.#now()) / 1000));
    const message = `The upstream failed ${this.#failures} times in a row (${this.#why}); it is tried again in ${seconds} s`;
    return new ForgeError('upstream_unreachable', message, { retryAfter: seconds });
  }

  /** Before a call. While it is half open, one call may pass. @throws ForgeError `upstream_unreachable` */
  enter(): void {
    const { refusal } = this;
    if (refusal !== undefined) throw refusal;
    if (this.#openings > 0) this.#trying = true;
  }

  /** The upstream answered. */
  succeeded(): void {
    this.#failures = 0;
    this.#openings = 0;
    this.#trying = false;
  }

  /** It did not, or said that it cannot. Returns whether this opened the breaker. */
  failed(why: string): boolean {
    this.#failures += 1;
    this.#why = why;
    const isLate = this.#openings > 0 && !this.#trying; // it began before the breaker opened
    this.#trying = false;
    if (isLate || this.#failures < this.#threshold) return false;
    this.#openUntil = this.#now() + Math.min(this.#openMs * 2 ** Math.min(this.#openings, 16), this.#maxOpenMs);
    this.#openings += 1;
    return this.#openings === 1;
  }

  /** A call ended without saying anything about the upstream. */
  gaveUp(): void {
    this.#trying = false;
  }
}
