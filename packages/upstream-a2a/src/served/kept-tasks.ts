/**
 * @module Tasks of agents in the store: written behind, sealed, and each of them changed by one process at one time, which
 * says again and again that it is still at work.
 */
import { randomUUID } from 'node:crypto';
import { TaskState, taskStateToJSON } from '@a2a-js/sdk';
import type { AgentTaskRecord, Sealer, Store } from '@forge/core';
import { digestOf, ForgeError } from '@forge/protocol';
import { SyncSeal } from '../sync-seal.ts';
import { bodyOf, type KeptPush, type KeptTask, keptOf } from './kept-body.ts';
import type { ServedTask } from './served-task.ts';

/** Where tasks are kept, and how many of them for how long. */
export interface KeptTasksOptions {
  readonly store: Store['agentTasks'];
  readonly sealer: Sealer;
  /** How long a process that does not say so any more counts as one that is at work, in ms. @default 15000 */
  readonly leaseMs?: number | undefined;
  /** @default 604_800_000 (7 days) */
  readonly maxAgeMs?: number | undefined;
  /** Newest tasks kept, in all. @default 2000 */
  readonly keep?: number | undefined;
  /** Newest tasks kept of one caller, at all places. @default 256 */
  readonly keepOfCaller?: number | undefined;
  /** Hears why a task could not be kept; agents are answered all the same. @default nobody */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** What {@link KeptTasks} knows of the tasks in memory. */
export interface KeptTasksParts {
  /** Where a task's agent wants it told. */
  pushesOf(task: ServedTask): readonly KeptPush[];
  /** Whether any of them is not over. */
  isBusy(): boolean;
  /** Another process has taken the task over: its word counts. */
  onLost(task: ServedTask): void;
}

/** Which tasks of an owner. */
export interface TaskQuery {
  readonly contextId: string;
  readonly state: TaskState | undefined;
  readonly offset: number;
  readonly limit: number;
}

/** How long a change waits for others that are written with it. */
const WRITE_AFTER_MS = 100;
/** Tasks that wait for the database; past it they are not kept. */
const MAX_UNWRITTEN = 10_000;
const PRUNE_MS = 3_600_000;
/** Tasks after which there is pruned again. */
const PRUNE_AFTER = 100;
const PRUNE_BATCH = 500;
/** Characters of one list's bodies: opening them takes time. */
const MAX_LISTED = 4_194_304;

/** Starts writing. */
export class KeptTasks {
  readonly #options: KeptTasksOptions;
  readonly #parts: KeptTasksParts;
  readonly #runner = randomUUID();
  readonly #leaseMs: number;
  readonly #unwritten = new Map<ServedTask, Waiting>();
  readonly #timers: NodeJS.Timeout[];
  #current: { readonly task: ServedTask; readonly written: Promise<void> } | undefined;
  #writing: Promise<void> | undefined;
  #pruning: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #untilPrune = 0;
  #isClosing = false;
  #made: SyncSeal | undefined;

  constructor(options: KeptTasksOptions, parts: KeptTasksParts) {
    this.#options = options;
    this.#parts = parts;
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#timers = [
      setInterval(() => void this.#renew(), this.#leaseMs / 3).unref(),
      setInterval(() => this.#prune(), PRUNE_MS).unref(),
    ];
  }

  /** Keeps the task as it stands a moment later; at once, when it is over. */
  touch(task: ServedTask): void {
    if (!this.#unwritten.has(task)) {
      if (this.#unwritten.size >= MAX_UNWRITTEN) {
        return this.#options.onError?.(new ForgeError('overloaded', 'Too many tasks wait for the database'));
      }
      this.#unwritten.set(task, waiting());
    }
    if (task.isOver) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), WRITE_AFTER_MS).unref();
  }

  /** Resolves when what has changed is in the store, or cannot be written. */
  async saved(task: ServedTask): Promise<void> {
    const waiting = this.#unwritten.get(task);
    if (waiting !== undefined) this.#begin();
    await (waiting?.promise ?? (this.#current?.task === task ? this.#current.written : undefined));
  }

  /** The owner's task of this id. @throws ForgeError `overloaded` */
  async read(owner: string, id: string): Promise<KeptTask | undefined> {
    if (id.length > 64) return undefined; // none of ours
    const ownerKey = await digestOf([owner]);
    const record = await this.#reading(() => this.#options.store.get(ownerKey, id));
    return record && this.#open(record);
  }

  /** The owner's tasks, newest first; fewer than wanted where they are large. @throws ForgeError `overloaded` */
  async list(owner: string, { contextId, state, offset, limit }: TaskQuery) {
    const unwritten = [...this.#unwritten.keys(), ...(this.#current === undefined ? [] : [this.#current.task])];
    await Promise.all(unwritten.filter((task) => task.owner === owner).map((task) => this.saved(task)));
    const query = {
      owner: await digestOf([owner]),
      context: contextId === '' ? undefined : await digestOf([owner, contextId]),
      state: state === undefined ? undefined : taskStateToJSON(state),
      offset,
      limit,
    };
    const { items, total } = await this.#reading(() => this.#options.store.list(query));
    let listed = 0;
    const fitting = items.filter(({ body }, index) => (listed += body.length) <= MAX_LISTED || index === 0);
    return {
      tasks: (await Promise.all(fitting.map((one) => this.#open(one)))).filter(isThere),
      read: fitting.length,
      total,
    };
  }

  /** Tasks whose process is no more. Never rejects. */
  async abandoned(limit: number): Promise<readonly KeptTask[]> {
    try {
      const { store } = this.#options;
      const records = await store.expired(Date.now(), limit);
      const opened = await Promise.all(records.map((one) => this.#open(one)));
      // What cannot be opened is nobody's any more, and would be found again and again.
      const gone = records.filter((_, index) => opened[index] === undefined);
      await Promise.all(gone.map((one) => store.claim(one, { runner: this.#runner, leaseUntil: 0 })));
      return opened.filter(isThere);
    } catch (error) {
      this.#options.onError?.(error);
      return [];
    }
  }

  /** Whether somebody may be at work on it: this process or another one. */
  isRun({ record }: KeptTask): boolean {
    return record.leaseUntil > 0 && record.leaseUntil >= Date.now();
  }

  /** Makes it this process's own, unless it has changed since it was read. Whether it is. */
  async claim({ record }: KeptTask): Promise<boolean> {
    const leaseUntil = record.leaseUntil === 0 ? 0 : Date.now() + this.#leaseMs;
    return this.#reading(() => this.#options.store.claim(record, { runner: this.#runner, leaseUntil }));
  }

  /** Writes what is left. Tasks that go on elsewhere may be taken over at once. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#begin();
    await Promise.all([this.#writing, this.#pruning]);
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unwritten.size > 0) this.#writing ??= this.#writeAll();
  }

  async #writeAll(): Promise<void> {
    for (let [next] = this.#unwritten; next !== undefined; [next] = this.#unwritten) {
      const [task, { promise, resolve }] = next;
      this.#unwritten.delete(task);
      this.#current = { task, written: promise };
      try {
        if (!(await this.#write(task))) this.#parts.onLost(task);
      } catch (error) {
        this.#options.onError?.(error);
      }
      resolve();
    }
    [this.#writing, this.#current] = [undefined, undefined];
  }

  async #write(task: ServedTask): Promise<boolean> {
    const { id, owner, caller, contextId, createdAt, isOver } = task;
    const snapshot = task.snapshot();
    const state = taskStateToJSON(snapshot.status?.state ?? TaskState.TASK_STATE_UNSPECIFIED);
    const body = bodyOf(task, snapshot, this.#parts.pushesOf(task));
    const ownerKey = await digestOf([owner]);
    const leaseUntil = isOver ? 0 : this.#isClosing ? RELEASED : Date.now() + this.#leaseMs;
    this.#untilPrune -= 1;
    if (this.#untilPrune < 0) this.#prune();
    return this.#options.store.put({
      id,
      owner: ownerKey,
      caller: await digestOf([caller]),
      context: await digestOf([owner, contextId]),
      state,
      createdAt,
      runner: this.#runner,
      leaseUntil,
      body: (await this.#seal()).seal(body, sealedFor(ownerKey, id)),
    });
  }

  /** `undefined` for what was sealed with another secret, or for another row. */
  async #open(record: AgentTaskRecord): Promise<KeptTask | undefined> {
    const body = (await this.#seal()).unseal(record.body, sealedFor(record.owner, record.id));
    return body === undefined ? undefined : keptOf(record, body);
  }

  async #seal(): Promise<SyncSeal> {
    return (this.#made ??= new SyncSeal(await this.#options.sealer.derive('agent-tasks')));
  }

  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (cause) {
      throw new ForgeError('overloaded', 'Tasks cannot be read at the moment', { cause, retryAfter: 1 });
    }
  }

  async #renew(): Promise<void> {
    if (!this.#parts.isBusy()) return;
    try {
      await this.#options.store.renew(this.#runner, Date.now() + this.#leaseMs);
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  #prune(): void {
    this.#untilPrune = PRUNE_AFTER;
    this.#pruning ??= this.#pruneAll().finally(() => (this.#pruning = undefined));
  }

  async #pruneAll(): Promise<void> {
    const { store, maxAgeMs = 604_800_000, keep = 2000, keepOfCaller = 256, onError } = this.#options;
    const query = { createdBefore: Date.now() - maxAgeMs, keep, keepOfCaller, limit: PRUNE_BATCH };
    try {
      while ((await store.prune(query)) === PRUNE_BATCH && !this.#isClosing);
    } catch (error) {
      onError?.(error);
    }
  }
}

/** Who waits for a task to be written. */
interface Waiting {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
}

function waiting(): Waiting {
  let resolve = (): void => {};
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** A lease that is up, of a task that is not over. */
const RELEASED = 1;

/** No other value is sealed for such a context. */
function sealedFor(ownerKey: string, id: string): string {
  return JSON.stringify(['agent-task', ownerKey, id]);
}

function isThere<T>(one: T | undefined): one is T {
  return one !== undefined;
}
