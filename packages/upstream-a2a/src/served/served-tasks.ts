/** @module The tasks that Forge has of agents: each for its owner alone, and never more than there is room for. */
import { type Message, TaskState } from '@a2a-js/sdk';
import { ForgeError } from '@forge/protocol';
import { textPart } from '../a2a/parts.ts';
import { weightOf } from '../weight.ts';
import type { KeptTask } from './kept-body.ts';
import { KeptTasks, type KeptTasksOptions, type TaskQuery } from './kept-tasks.ts';
import { PushNotifications, type PushOptions } from './push-notifications.ts';
import { resumeTask, type ServedCall } from './run-task.ts';
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
/** Bytes, about, of the tasks on a page; one that has more is a page of its own. */
const MAX_PAGE_BYTES = 8_388_608;
/** Tasks of a conversation that are looked through for what it goes on with. */
const MAX_BEFORE = 5;

/** Remembers tasks, in memory, and those that are kept besides. */
export class ServedTasks {
  readonly #max: number;
  readonly #maxBytes: number;
  readonly #maxOfOwner: number;
  readonly #patienceMs: number;
  /** Absent: nobody is told. */
  readonly push: PushNotifications | undefined;
  readonly #kept: KeptTasks | undefined;
  /** In the order in which they came. */
  readonly #tasks = new Map<string, ServedTask>();

  constructor(options: ServedTasksOptions) {
    const { maxTasks = 1000, maxBytes = 268_435_456, maxOfOwner = 64, patienceMs = 300_000, push, kept } = options;
    this.push = push && new PushNotifications(push);
    this.#max = maxTasks;
    this.#maxBytes = maxBytes;
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
  create(init: Omit<ServedTaskInit, 'patienceMs' | 'onOver'>): ServedTask {
    const own = this.#running().filter(({ caller }) => caller === init.caller);
    if (own.length >= this.#maxOfOwner) throw full('You have too many tasks that are not over');
    this.admit(init.caller, init.message);
    while (this.#tasks.size >= this.#max) this.#dropOne(() => 1);
    const task = new ServedTask({ ...init, patienceMs: this.#patienceMs, onOver: () => this.#shed(0) });
    this.#remember(task);
    this.#kept?.touch(task);
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

  /** The owner's task of this id, if it is in memory. */
  find(owner: string, id: string): ServedTask | undefined {
    const task = this.#tasks.get(id);
    return task?.owner === owner ? task : undefined;
  }

  /** The owner's tasks in memory, newest first. */
  of(owner: string): readonly ServedTask[] {
    return [...this.#tasks.values()].filter((task) => task.owner === owner).toReversed();
  }

  /** The caller's task of this id; where its process is no more, it is gone on with, or is over. */
  async lookUp(owner: string, id: string, call: ServedCall): Promise<ServedTask | undefined> {
    if (this.#tasks.has(id)) return this.find(owner, id);
    const kept = await this.#kept?.read(owner, id);
    return kept && this.#restore(kept, call);
  }

  /** The caller's tasks, newest first. */
  async list(owner: string, query: TaskQuery, call: ServedCall): Promise<TaskPage> {
    const { contextId, state, offset, limit } = query;
    if (this.#kept !== undefined) {
      const { tasks: found, read, total } = await this.#kept.list(owner, query);
      const tasks = fitting(await Promise.all(found.map(async (kept) => this.#listed(kept, call))));
      const next = offset + (tasks.length < found.length ? tasks.length : read);
      return { tasks, nextOffset: read > 0 && next < total ? next : undefined, total };
    }
    const all = this.of(owner).filter(
      (task) => (contextId === '' || task.contextId === contextId) && (state === undefined || task.state === state),
    );
    const tasks = fitting(all.slice(offset, offset + limit));
    const next = offset + tasks.length;
    return { tasks, nextOffset: tasks.length > 0 && next < all.length ? next : undefined, total: all.length };
  }

  /** What an upstream knows a conversation by, if it does. */
  async handleOf(owner: string, contextId: string): Promise<string | undefined> {
    const known = this.of(owner).find((task) => task.contextId === contextId && task.handle !== undefined);
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
    if (!isOurs || (task.isOver && !this.#hasRoomFor(task))) return task;
    this.#remember(task);
    if (task.isOver) return task;
    if (call !== undefined && kept.following !== undefined) void resumeTask(task, kept.following, call);
    else task.finish(TaskState.TASK_STATE_FAILED, [textPart(UNKNOWN)]);
    return task;
  }

  #made({ owner, caller, task, handle, following, pushes, record }: KeptTask, isElsewhere: boolean): ServedTask {
    const { createdAt } = record;
    const about = { owner, caller, task, handle, following, createdAt, isElsewhere };
    const made = new ServedTask({ ...about, patienceMs: this.#patienceMs, onOver: () => this.#shed(0) });
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

  #running(): readonly ServedTask[] {
    return [...this.#tasks.values()].filter(({ isOver }) => !isOver);
  }

  /** Whether there is, without forgetting another one: what is kept can be read again. */
  #hasRoomFor({ weight }: ServedTask): boolean {
    return this.#tasks.size < this.#max && sumOf([...this.#tasks.values()]) + weight <= this.#maxBytes;
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

/** How a task ends whose process did. */
const UNKNOWN = 'The gateway was stopped while it was at work on this task. Whether it was done is unknown.';

/** As many of the first ones as one answer can hold. */
function fitting(tasks: readonly ServedTask[]): readonly ServedTask[] {
  let held = 0;
  const end = tasks.findIndex((task, at) => (held += task.weight) > MAX_PAGE_BYTES && at > 0);
  return end === -1 ? tasks : tasks.slice(0, end);
}

function sumOf(tasks: readonly ServedTask[]): number {
  return tasks.reduce((sum, { weight }) => sum + weight, 0);
}

function full(message: string): ForgeError {
  return new ForgeError('overloaded', message, { retryAfter: 5 });
}

function ignore(): void {} // the database is away: the next look finds it again
