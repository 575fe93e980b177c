/** @module The tasks that Forge has of agents: each for its owner alone, and never more than there is room for. */
import type { Message } from '@a2a-js/sdk';
import { ForgeError } from '@forge/protocol';
import { weightOf } from '../weight.ts';
import { PushNotifications, type PushOptions } from './push-notifications.ts';
import { ServedTask, type ServedTaskInit } from './served-task.ts';

/** Bounds of {@link ServedTasks}. */
export interface ServedTasksOptions {
  /** Tasks that are remembered; of who has most of them, the oldest one that is over makes room. @default 1000 */
  readonly maxTasks?: number | undefined;
  /** Bytes, about, that they may hold in all; those that are not over, a quarter of it for each caller. @default 268435456 */
  readonly maxBytes?: number | undefined;
  /** Tasks of one caller, at all places, that are not over. @default 64 */
  readonly maxOfOwner?: number | undefined;
  /** How long a task waits for an answer of its owner, in ms. @default 300000 */
  readonly patienceMs?: number | undefined;
  /** How agents are told of their tasks. @default they are not */
  readonly push?: PushOptions | undefined;
}

/** Remembers tasks, in memory. */
export class ServedTasks {
  readonly #max: number;
  readonly #maxBytes: number;
  readonly #maxOfOwner: number;
  readonly #patienceMs: number;
  /** Absent: nobody is told. */
  readonly push: PushNotifications | undefined;
  /** In the order in which they came. */
  readonly #tasks = new Map<string, ServedTask>();

  constructor(options: ServedTasksOptions) {
    const { maxTasks = 1000, maxBytes = 268_435_456, maxOfOwner = 64, patienceMs = 300_000, push } = options;
    this.push = push && new PushNotifications(push);
    this.#max = maxTasks;
    this.#maxBytes = maxBytes;
    this.#maxOfOwner = maxOfOwner;
    this.#patienceMs = patienceMs;
  }

  /** A new task. @throws ForgeError `overloaded` */
  create(init: Omit<ServedTaskInit, 'patienceMs' | 'onOver'>): ServedTask {
    const own = this.#running().filter(({ caller }) => caller === init.caller);
    if (own.length >= this.#maxOfOwner) throw full('You have too many tasks that are not over');
    this.admit(init.caller, init.message);
    while (this.#tasks.size >= this.#max) this.#dropOne(() => 1);
    const task = new ServedTask({ ...init, patienceMs: this.#patienceMs, onOver: () => this.#shed(0) });
    this.#tasks.set(task.id, task);
    return task;
  }

  /** Makes room for a message of one of the caller's tasks. @throws ForgeError `overloaded` */
  admit(caller: string, message: Message): void {
    const weight = weightOf(message);
    const running = this.#running();
    const own = running.filter((task) => task.caller === caller);
    if (sumOf(own) + weight > this.#maxBytes / 4) throw full('Your tasks that are not over hold too much');
    if (sumOf(running) + weight > this.#maxBytes) throw full('Tasks that are not over hold too much');
    this.#shed(weight);
  }

  /** The owner's task of this id. */
  find(owner: string, id: string): ServedTask | undefined {
    const task = this.#tasks.get(id);
    return task?.owner === owner ? task : undefined;
  }

  /** The owner's tasks, newest first. */
  of(owner: string): readonly ServedTask[] {
    return [...this.#tasks.values()].filter((task) => task.owner === owner).toReversed();
  }

  /** Cancels what is not over. */
  close(): void {
    for (const task of this.#tasks.values()) if (!task.isOver) task.cancel();
    this.#tasks.clear();
    this.push?.close();
  }

  #running(): readonly ServedTask[] {
    return [...this.#tasks.values()].filter(({ isOver }) => !isOver);
  }

  /** Forgets what is over until so many bytes more can be held, or nothing is over. */
  #shed(weight: number): void {
    for (;;) {
      const all = [...this.#tasks.values()];
      if (sumOf(all) + weight <= this.#maxBytes || !all.some(({ isOver }) => isOver)) return;
      this.#dropOne((task) => task.weight);
    }
  }

  /** The oldest one that is over, of who has most: nobody's tasks have to go for those of another who has more. */
  #dropOne(measure: (task: ServedTask) => number): void {
    const over = [...this.#tasks.values()].filter(({ isOver }) => isOver);
    const shares = new Map<string, number>();
    for (const task of over) shares.set(task.caller, (shares.get(task.caller) ?? 0) + measure(task));
    const most = Math.max(...shares.values());
    const oldest = over.find(({ caller }) => shares.get(caller) === most);
    if (oldest === undefined) throw full('Too many tasks are not over');
    this.#tasks.delete(oldest.id);
    this.push?.forget(oldest);
  }
}

function sumOf(tasks: readonly ServedTask[]): number {
  return tasks.reduce((sum, { weight }) => sum + weight, 0);
}

function full(message: string): ForgeError {
  return new ForgeError('overloaded', message, { retryAfter: 5 });
}
