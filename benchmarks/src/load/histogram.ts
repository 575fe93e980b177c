/** @module Latencies in constant memory: exact below 256 us, within 0.4 % above. */

/** Buckets per power of two, from 2^8 us on. */
const STEPS = 128;
const EXACT = STEPS * 2;
/** Room for 2^32 us, more than an hour. */
const BUCKETS = EXACT + (32 - 8) * STEPS;

/** Counts durations and answers percentiles. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** Counts one duration. */
  record(ms: number): void {
    const index = bucketOf(Math.round(ms * 1000));
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#total++;
  }

  /** The duration in ms that `share` (0 to 1) of all do not exceed; NaN when none was counted. */
  percentile(share: number): number {
    if (this.#total === 0) return NaN;
    let left = Math.max(1, Math.ceil(share * this.#total));
    const index = this.#counts.findIndex((count) => (left -= count) <= 0);
    return middleOf(index) / 1000;
  }
}

function bucketOf(us: number): number {
  if (us < EXACT) return Math.max(0, us);
  const shift = 24 - Math.clz32(us); // leaves 8 significant bits: STEPS to EXACT - 1, plus STEPS
  return Math.min(BUCKETS - 1, (us >>> shift) + shift * STEPS);
}

function middleOf(index: number): number {
  if (index < EXACT) return index;
  const shift = Math.floor(index / STEPS) - 1;
  const lowest = (index - shift * STEPS) * 2 ** shift;
  return lowest + (2 ** shift - 1) / 2;
}
