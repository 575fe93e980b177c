/** @module How many may be at something at one time, in all and of each owner: who hangs keeps nobody else waiting. */

/** Who waits longest goes first. */
export class Slots {
  readonly #max: number;
  readonly #maxOfOwner: number;
  readonly #waiting = new Set<{ readonly owner: string; readonly begin: () => void }>();
  readonly #running = new Map<string, number>();
  #total = 0;

  constructor(max: number, maxOfOwner: number) {
    this.#max = max;
    this.#maxOfOwner = maxOfOwner;
  }

  /** Does the work when it is its turn. */
  async run<T>(owner: string, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((begin) => {
      this.#waiting.add({ owner, begin });
      this.#next();
    });
    try {
      return await work();
    } finally {
      this.#count(owner, -1);
      this.#next();
    }
  }

  #next(): void {
    for (const one of this.#waiting) {
      if (this.#total >= this.#max) return;
      if ((this.#running.get(one.owner) ?? 0) >= this.#maxOfOwner) continue;
      this.#waiting.delete(one);
      this.#count(one.owner, 1);
      one.begin();
    }
  }

  #count(owner: string, change: number): void {
    const now = (this.#running.get(owner) ?? 0) + change;
    if (now === 0) this.#running.delete(owner);
    else this.#running.set(owner, now);
    this.#total += change;
  }
}
