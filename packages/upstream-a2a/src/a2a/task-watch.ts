/** @module Tells of watched tasks by asking how they stand, since agents tell of their tasks on streams of calls alone. */
import type { ForgeError } from '@forge/protocol';
import type { TaskView } from './task-view.ts';

/** What a watch needs. */
export interface TaskWatchOptions {
  /** How a task stands now. */
  look(taskId: string): Promise<TaskView>;
  /** It stands otherwise than when it was last looked at. */
  changed(view: TaskView): void;
}

const LOOK_MS = 2000;

/** Watches tasks; nothing runs while there are none that may change. */
export class TaskWatch {
  readonly #options: TaskWatchOptions;
  /** How each stood; '' before the first look. */
  readonly #stands = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;

  constructor(options: TaskWatchOptions) {
    this.#options = options;
  }

  /** All that is to be watched; it replaces what was. */
  update(taskIds: ReadonlySet<string>): void {
    for (const id of this.#stands.keys()) if (!taskIds.has(id)) this.#stands.delete(id);
    for (const id of taskIds) if (!this.#stands.has(id)) this.#stands.set(id, '');
    this.#schedule(0);
  }

  close(): void {
    this.#stands.clear();
    clearTimeout(this.#timer);
  }

  #schedule(pause: number): void {
    clearTimeout(this.#timer);
    if (this.#looking || ![...this.#stands.values()].some((stand) => stand !== ENDED)) return;
    this.#timer = setTimeout(() => void this.#lookAtAll(), pause).unref();
  }

  async #lookAtAll(): Promise<void> {
    this.#looking = true;
    for (const [id, stood] of this.#stands) if (stood !== ENDED) await this.#lookAt(id, stood);
    this.#looking = false;
    this.#schedule(LOOK_MS);
  }

  async #lookAt(id: string, stood: string): Promise<void> {
    try {
      const view = await this.#options.look(id);
      const stands = `${view.stateName} ${view.timestamp ?? ''} ${view.words}`;
      if (!this.#stands.has(id) || stands === stood) return;
      this.#stands.set(id, view.isTerminal ? ENDED : stands);
      this.#options.changed(view);
    } catch (error) {
      // A task that is not there any more does not change; everything else may be better at the next look.
      if ((error as ForgeError).code === 'invalid_params') this.#stands.set(id, ENDED);
    }
  }
}

const ENDED = 'ended';
