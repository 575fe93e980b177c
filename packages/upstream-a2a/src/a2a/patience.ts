/** @module How long a call waits for an agent: until its client gets a task instead, if it takes one; and for good manners. */

/** How long a stream has to end after all was said, in ms; its connection can then be used again. */
const SETTLE_MS = 100;

/** One call's patience; without a time it has no end. */
export class Patience {
  /** The client is to get a task. */
  isOver = false;
  readonly #timer: NodeJS.Timeout | undefined;
  #leave = new AbortController();
  #settling: NodeJS.Timeout | undefined;

  /** @param canLeave whether what is waited for goes on by itself */
  constructor(ms: number | undefined, canLeave: () => boolean) {
    if (ms === undefined) return;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      if (canLeave()) this.#leave.abort();
    }, ms).unref();
  }

  /** A stream begins. The signal is that of its call, and tells also when to leave the stream. */
  begin(signal: AbortSignal): AbortSignal {
    clearTimeout(this.#settling);
    this.#leave = new AbortController();
    return AbortSignal.any([signal, this.#leave.signal]);
  }

  /** All was said: the stream is left if it does not end by itself in a moment. */
  settle(): void {
    const leave = this.#leave;
    this.#settling = setTimeout(() => leave.abort(), SETTLE_MS).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#settling);
  }
}
