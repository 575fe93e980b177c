/** @module The tasks that Forge has of agents: each for its owner alone, and never more than there is room for. */
import { ForgeError } from '@forge/protocol';
import { PushNotifications, type PushOptions } from './push-notifications.ts';
import { ServedTask, type ServedTaskInit } from './served-task.ts';

/** Bounds of {@link ServedTasks}. */
export interface ServedTasksOptions {
  /** Tasks that are remembered; the oldest one that is over makes room. @default 1000 */
  readonly maxTasks?: number | undefined;
  /** Tasks of one owner that are not over. @default 64 */
  readonly maxOfOwner?: number | undefined;
  /** How long a task waits for an answer of its owner, in ms. @default 300000 */
  readonly patienceMs?: number | undefined;
  /** How agents are told of their tasks. @default they are not */
  readonly push?: PushOptions | undefined;
}

/** Remembers tasks, in memory. */
export class ServedTasks {
  readonly #max: number;
  readonly #maxOfOwner: number;
  readonly #patienceMs: number;
  /** Absent: nobody is told. */
  readonly push: PushNotifications | undefined;
  /** In the order in which they came. */
  readonly #tasks = new Map<string, ServedTask>();

  constructor({ maxTasks = 1000, maxOfOwner = 64, patienceMs = 300_000, push }: ServedTasksOptions) {
    this.push = push && new PushNotifications(push);
    this.#max = maxTasks;
    this.#maxOfOwner = maxOfOwner;
    this.#patienceMs = patienceMs;
  }

  /** A new task. @throws ForgeError `overloaded` */
  create(init: Omit<ServedTaskInit, 'patienceMs'>): ServedTask {
    const running = this.of(init.owner).filter(({ isOver }) => !isOver);
    if (running.length >= this.#maxOfOwner) throw full('You have too many tasks that are not over');
    if (this.#tasks.size >= this.#max) this.#makeRoom();
    const task = new ServedTask({ ...init, patienceMs: this.#patienceMs });
    this.#tasks.set(task.id, task);
    return task;
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

  #makeRoom(): void {
    const oldest = [...this.#tasks.values()].find(({ isOver }) => isOver);
    if (oldest === undefined) throw full('Too many tasks are not over');
    this.#tasks.delete(oldest.id);
    this.push?.forget(oldest);
  }
}

function full(message: string): ForgeError {
  return new ForgeError('overloaded', message, { retryAfter: 5 });
}
