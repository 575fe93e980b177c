/** @module The tasks that Forge has of agents: each for its owner alone, and never more than there is room for. */
import { TaskState } from '@a2a-js/sdk';
import { ForgeError } from '@forge/protocol';
import { textPart } from '../a2a/parts.ts';
import type { KeptTask } from './kept-body.ts';
import { KeptTasks, type KeptTasksOptions, type TaskQuery } from './kept-tasks.ts';
import { PushNotifications, type PushOptions } from './push-notifications.ts';
import { resumeTask, type ServedCall } from './run-task.ts';
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
  /** Where tasks outlive their process. @default they are in memory alone */
  readonly kept?: KeptTasksOptions | undefined;
}

/** Some of an owner's tasks. */
export interface TaskPage {
  readonly tasks: readonly ServedTask[];
  /** Where the next page begins; `undefined` where there is none. */
  readonly nextOffset: number | undefined;
  /** Of all pages. */
  readonly total: number;
}

/** Tasks of processes that are no more, looked at together. */
const MAX_ABANDONED = 1000;
/** How long one waits for its caller that another process can go on with, in ms since it was made. */
const GO_ON_MS = 3_600_000;
/** Tasks of a conversation that are looked through for what it goes on with. */
const MAX_BEFORE = 5;

/** Remembers tasks, in memory, and those that are kept besides. */
export class ServedTasks {
  readonly #max: number;
  readonly #maxOfOwner: number;
  readonly #patienceMs: number;
  /** Absent: nobody is told. */
  readonly push: PushNotifications | undefined;
  readonly #kept: KeptTasks | undefined;
  /** In the order in which they came. */
  readonly #tasks = new Map<string, ServedTask>();

  constructor({ maxTasks = 1000, maxOfOwner = 64, patienceMs = 300_000, push, kept }: ServedTasksOptions) {
    this.push = push && new PushNotifications(push);
    this.#max = maxTasks;
    this.#maxOfOwner = maxOfOwner;
    this.#patienceMs = patienceMs;
    this.#kept =
      kept &&
      new KeptTasks(kept, {
        pushesOf: (task) => this.push?.kept(task) ?? [],
        isBusy: () => [...this.#tasks.values()].some(({ isOver }) => !isOver),
        onLost: (task) => this.#lose(task),
      });
  }

  /** A new task. @throws ForgeError `overloaded` */
  create(init: Omit<ServedTaskInit, 'patienceMs'>): ServedTask {
    const running = this.#of(init.owner).filter(({ isOver }) => !isOver);
    if (running.length >= this.#maxOfOwner) throw full('You have too many tasks that are not over');
    if (this.#tasks.size >= this.#max && !this.#makeRoom()) throw full('Too many tasks are not over');
    const task = new ServedTask({ ...init, patienceMs: this.#patienceMs });
    this.#remember(task);
    this.#kept?.touch(task);
    return task;
  }

  /** The caller's task of this id; where its process is no more, it is gone on with, or is over. */
  async find(owner: string, id: string, call: ServedCall): Promise<ServedTask | undefined> {
    const known = this.#tasks.get(id);
    if (known !== undefined) return known.owner === owner ? known : undefined;
    const kept = await this.#kept?.read(owner, id);
    return kept && this.#restore(kept, call);
  }

  /** The caller's tasks, newest first. */
  async list(owner: string, query: TaskQuery, call: ServedCall): Promise<TaskPage> {
    const { contextId, state, offset, limit } = query;
    if (this.#kept !== undefined) {
      const { tasks: found, read, total } = await this.#kept.list(owner, query);
      const tasks = await Promise.all(found.map(async (kept) => this.#listed(kept, call)));
      const next = offset + read;
      return { tasks, nextOffset: read > 0 && next < total ? next : undefined, total };
    }
    const all = this.#of(owner).filter(
      (task) => (contextId === '' || task.contextId === contextId) && (state === undefined || task.state === state),
    );
    const next = offset + limit;
    return { tasks: all.slice(offset, next), nextOffset: next < all.length ? next : undefined, total: all.length };
  }

  /** What an upstream knows a conversation by, if it does. */
  async handleOf(owner: string, contextId: string): Promise<string | undefined> {
    const known = this.#of(owner).find((task) => task.contextId === contextId && task.handle !== undefined);
    if (known !== undefined || this.#kept === undefined) return known?.handle;
    const { tasks } = await this.#kept.list(owner, { contextId, state: undefined, offset: 0, limit: MAX_BEFORE });
    return tasks.find(({ handle }) => handle !== undefined)?.handle;
  }

  /** Resolves when a task is kept as it stands: what was told of it holds. */
  async saved(task: ServedTask): Promise<void> {
    await this.#kept?.saved(task);
  }

  /** The same, after something has changed that the task does not know of. */
  async keep(task: ServedTask): Promise<void> {
    this.#kept?.touch(task);
    await this.saved(task);
  }

  /** Ends tasks whose process is no more, and tells who wants to be told. Those that only their caller can go on with wait. */
  async endAbandoned(): Promise<void> {
    for (const kept of (await this.#kept?.abandoned(MAX_ABANDONED)) ?? []) {
      const isOver = kept.following === undefined || Date.now() - kept.record.createdAt > GO_ON_MS;
      if (isOver) await this.#restore(kept, undefined).catch(ignore);
    }
  }

  /** Cancels what is not over, unless another process can go on with it. */
  async close(): Promise<void> {
    this.push?.close();
    for (const task of this.#tasks.values()) {
      if (task.isOver) continue;
      if (this.#kept === undefined || task.following === undefined) task.cancel();
      else {
        task.release();
        this.#kept.touch(task);
      }
    }
    await this.#kept?.close();
    this.#tasks.clear();
  }

  /** The owner's tasks in memory, newest first. */
  #of(owner: string): readonly ServedTask[] {
    return [...this.#tasks.values()].filter((task) => task.owner === owner).toReversed();
  }

  async #listed(kept: KeptTask, call: ServedCall): Promise<ServedTask> {
    const known = this.#tasks.get(kept.record.id);
    if (known !== undefined) return known;
    return kept.record.leaseUntil === 0 ? this.#made(kept, false) : this.#restore(kept, call);
  }

  async #restore(kept: KeptTask, call: ServedCall | undefined): Promise<ServedTask> {
    const isRun = this.#kept?.isRun(kept) === true;
    const isOurs = !isRun && (await this.#kept?.claim(kept)) === true;
    const known = this.#tasks.get(kept.record.id); // somebody has asked for it at the same time
    if (known !== undefined) return known;
    const task = this.#made(kept, !isOurs);
    if (!isOurs || (this.#tasks.size >= this.#max && !this.#makeRoom() && task.isOver)) return task;
    this.#remember(task);
    if (task.isOver) return task;
    if (call !== undefined && kept.following !== undefined) void resumeTask(task, kept.following, call);
    else task.finish(TaskState.TASK_STATE_FAILED, [textPart(UNKNOWN)]);
    return task;
  }

  #made({ owner, task, handle, following, pushes, record }: KeptTask, isElsewhere: boolean): ServedTask {
    const { createdAt } = record;
    const init = { owner, task, handle, following, createdAt, isElsewhere, patienceMs: this.#patienceMs };
    const made = new ServedTask(init);
    this.push?.restore(made, pushes);
    return made;
  }

  #remember(task: ServedTask): void {
    this.#tasks.set(task.id, task);
    task.onChange = () => this.#kept?.touch(task);
    task.onSave = () => this.saved(task);
  }

  #lose(task: ServedTask): void {
    task.release();
    if (this.#tasks.get(task.id) === task) this.#tasks.delete(task.id);
    this.push?.forget(task);
  }

  /** Whether there is room now. */
  #makeRoom(): boolean {
    const oldest = [...this.#tasks.values()].find(({ isOver }) => isOver);
    if (oldest === undefined) return false;
    this.#tasks.delete(oldest.id);
    this.push?.forget(oldest);
    return true;
  }
}

/** How a task ends whose process did. */
const UNKNOWN = 'The gateway was stopped while it was at work on this task. Whether it was done is unknown.';

function full(message: string): ForgeError {
  return new ForgeError('overloaded', message, { retryAfter: 5 });
}

function ignore(): void {} // the database is away: the next look finds it again
