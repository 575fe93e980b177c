/** @module One timer for the signs of life of many sockets. */

/** What is looked at in a steady pace. */
export interface Beating {
  beat(): void;
}

/** Beats for as long as there is something to look at. Does not keep a process alive. */
export class Heartbeats {
  readonly #intervalMs: number;
  readonly #beating = new Set<Beating>();
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  add(beating: Beating): void {
    this.#beating.add(beating);
    this.#timer ??= setInterval(() => this.#beat(), this.#intervalMs).unref();
  }

  delete(beating: Beating): void {
    this.#beating.delete(beating);
    if (this.#beating.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #beat(): void {
    for (const beating of this.#beating) beating.beat();
  }
}
