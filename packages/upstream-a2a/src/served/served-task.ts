/** @module A task that agents have given to Forge: its state, what came of it, and who wants to hear of it. */
import { randomUUID } from 'node:crypto';
import { type Artifact, type Message, type Part, Role, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import { ForgeError } from '@forge/protocol';
import { weightOf } from '../weight.ts';

/** States after which nothing comes. */
const TERMINAL: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);

/** Who follows a task at one time. */
const MAX_FOLLOWERS = 32;
/** Events that wait for who follows; of more, words on the way give way to the next ones. */
const MAX_QUEUED = 32;

/** What a task is made with. */
export interface ServedTaskInit {
  /** Whose it is: nobody else finds it. */
  readonly owner: string;
  /** Who that is, wherever: bounds are those of people. */
  readonly caller: string;
  readonly contextId: string;
  /** What it began with. */
  readonly message: Message;
  /** How long it waits for an answer, in ms. */
  readonly patienceMs: number;
  /** Hears that it has ended. */
  readonly onOver: () => void;
}

/** What a task of another process, or of one that is no more, is made with. */
export interface RestoredTaskInit extends Omit<ServedTaskInit, 'contextId' | 'message'> {
  /** As it was kept. */
  readonly task: Task;
  readonly createdAt: number;
  readonly handle: string | undefined;
  readonly following: string | undefined;
  /** Whether another process may be at work on it: it can be looked at, and nothing else. */
  readonly isElsewhere: boolean;
}

/** One task. */
export class ServedTask {
  readonly id: string;
  readonly owner: string;
  readonly caller: string;
  readonly contextId: string;
  /** In ms since 1970. */
  readonly createdAt: number;
  /** Whether another process is at work on it: it can be looked at, and nothing else. */
  readonly isElsewhere: boolean;
  /** What a conversation with an upstream goes on with. */
  handle: string | undefined;
  /** Hears when something has changed that should be kept. */
  onChange: (() => void) | undefined;
  /** Resolves when it is kept as it stands. */
  onSave: (() => Promise<void>) | undefined;
  readonly #patienceMs: number;
  readonly #onOver: () => void;
  readonly #history: Message[];
  readonly #artifacts: Artifact[];
  readonly #listeners = new Set<(event: StreamResponse) => void>();
  /** Those who wait for something to happen. */
  readonly #wakes = new Set<() => void>();
  #status: NonNullable<Task['status']>;
  #weight: number;
  #followers = 0;
  #asking: Promise<unknown> = Promise.resolve();
  #answered: ((message: Message | undefined) => void) | undefined;
  #onCancel: (() => void) | undefined;
  #following: string | undefined;
  #isReleased = false;

  constructor(init: ServedTaskInit | RestoredTaskInit) {
    const { owner, caller, patienceMs, onOver } = init;
    [this.owner, this.caller, this.#patienceMs, this.#onOver] = [owner, caller, patienceMs, onOver];
    if ('task' in init) {
      const { task, createdAt, handle, following, isElsewhere } = init;
      [this.id, this.contextId, this.createdAt, this.isElsewhere] = [task.id, task.contextId, createdAt, isElsewhere];
      [this.handle, this.#following] = [handle, following];
      [this.#history, this.#artifacts] = [[...task.history], [...task.artifacts]];
      this.#status = task.status ?? statusOf(TaskState.TASK_STATE_UNSPECIFIED, undefined);
      this.#weight = weightOf(task);
    } else {
      const { contextId, message } = init;
      [this.id, this.contextId, this.createdAt, this.isElsewhere] = [randomUUID(), contextId, Date.now(), false];
      [this.#history, this.#artifacts] = [[{ ...message, taskId: this.id, contextId }], []];
      this.#status = statusOf(TaskState.TASK_STATE_SUBMITTED, undefined);
      this.#weight = weightOf(message);
    }
  }

  get isOver(): boolean {
    return TERMINAL.has(this.#status.state);
  }

  get state(): TaskState {
    return this.#status.state;
  }

  /** Whether it waits for a message of its owner. */
  get waits(): boolean {
    return this.#answered !== undefined;
  }

  /** About how many bytes it holds. */
  get weight(): number {
    return this.#weight;
  }

  /** The upstream's task whose end is its own: another process can go on with it. */
  get following(): string | undefined {
    return this.#following;
  }

  /** From now on its end is that of the upstream's task; resolves when another process would know. */
  async follow(taskId: string): Promise<void> {
    this.#following = taskId;
    this.onChange?.();
    await this.onSave?.();
  }

  /** Whether it is somebody else's now: what comes here counts no more. */
  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Leaves it to another process. */
  release(): void {
    this.#isReleased = true;
    this.#answered?.(undefined);
    for (const wake of this.#wakes) wake();
  }

  /** As it stands now. */
  snapshot(): Task {
    const { id, contextId } = this;
    const [status, artifacts, history] = [this.#status, [...this.#artifacts], [...this.#history]];
    return { id, contextId, status, artifacts, history, metadata: undefined };
  }

  /** It is at work. */
  progress(words: string): void {
    if (!this.isOver && !this.waits && !this.#isReleased)
      this.#enter(TaskState.TASK_STATE_WORKING, words === '' ? [] : [text(words)]);
  }

  /** What came of it. The last call counts; what comes after the end does not. */
  finish(state: TaskState, parts: readonly Part[]): void {
    if (this.isOver || this.#isReleased) return;
    this.#weight += weightOf(parts);
    if (state === TaskState.TASK_STATE_COMPLETED && parts.length > 0) this.#produce([...parts]);
    this.#enter(state, state === TaskState.TASK_STATE_COMPLETED ? [] : [...parts]);
    this.#onOver();
  }

  /** Asks its owner, one question after the other; `undefined` when no answer comes in time, or it was cancelled. */
  ask(words: string): Promise<Message | undefined> {
    const asked = this.#asking.then(() => this.#ask(words));
    this.#asking = asked;
    return asked;
  }

  async #ask(words: string): Promise<Message | undefined> {
    if (this.isOver || this.#isReleased) return undefined;
    const answer = new Promise<Message | undefined>((resolve) => {
      this.#answered = resolve;
    });
    const timer = setTimeout(() => this.#answered?.(undefined), this.#patienceMs).unref();
    this.#enter(TaskState.TASK_STATE_INPUT_REQUIRED, [text(words)]);
    const message = await answer;
    clearTimeout(timer);
    this.#answered = undefined;
    return message;
  }

  /** The owner's answer. */
  answer(message: Message): void {
    this.#history.push(message);
    this.#weight += weightOf(message);
    const resolve = this.#answered;
    this.#answered = undefined;
    this.#status = statusOf(TaskState.TASK_STATE_WORKING, undefined);
    this.onChange?.();
    resolve?.(message);
  }

  /** Calls `listener` once when it is cancelled (at once if it was). Only one; the last one set counts. */
  onCancel(listener: () => void): void {
    if (this.#status.state === TaskState.TASK_STATE_CANCELED) listener();
    else this.#onCancel = listener;
  }

  /** Ends it. */
  cancel(): void {
    this.finish(TaskState.TASK_STATE_CANCELED, []);
    this.#answered?.(undefined);
    this.#onCancel?.();
  }

  /** Calls `listener` with everything that happens from now on. */
  listen(listener: (event: StreamResponse) => void): void {
    this.#listeners.add(listener);
  }

  /** Resolves when it is over, waits for its owner, or is somebody else's. */
  async settled(): Promise<void> {
    while (!this.#isSettled) await this.#next();
  }

  /**
   * The task as it stands, then all that happens until it settles, or nobody is there any more.
   *
   * @throws ForgeError `overloaded` where too many follow it already
   */
  async *events(gone: AbortSignal): AsyncGenerator<StreamResponse, void, undefined> {
    if (this.#followers >= MAX_FOLLOWERS) {
      throw new ForgeError('overloaded', `A task is followed by ${MAX_FOLLOWERS} at one time at most`);
    }
    const queue: StreamResponse[] = [{ payload: { $case: 'task', value: this.snapshot() } }];
    const listener = (event: StreamResponse): void => enqueue(queue, event);
    this.#listeners.add(listener);
    this.#followers += 1;
    try {
      for (;;) {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
        if (this.#isSettled || gone.aborted) return;
        await this.#next(gone);
      }
    } finally {
      this.#listeners.delete(listener);
      this.#followers -= 1;
    }
  }

  get #isSettled(): boolean {
    return this.isOver || this.waits || this.#isReleased;
  }

  /** Resolves when something happens, or nobody is there any more. */
  async #next(gone?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#wakes.delete(wake);
        gone?.removeEventListener('abort', wake);
        resolve();
      };
      this.#wakes.add(wake);
      gone?.addEventListener('abort', wake);
    });
  }

  #produce(parts: Part[]): void {
    const artifact = {
      artifactId: 'result',
      name: 'result',
      description: '',
      parts,
      metadata: undefined,
      extensions: [],
    };
    this.#artifacts.push(artifact);
    const { id: taskId, contextId } = this;
    const value = { taskId, contextId, artifact, append: false, lastChunk: true, metadata: undefined };
    this.#tell({ payload: { $case: 'artifactUpdate', value } });
  }

  #enter(state: TaskState, parts: Part[]): void {
    const { id: taskId, contextId } = this;
    const isNew = this.#status.state !== state || state === TaskState.TASK_STATE_INPUT_REQUIRED;
    this.#status = statusOf(state, parts.length === 0 ? undefined : said(taskId, contextId, parts));
    const value = { taskId, contextId, status: this.#status, metadata: undefined };
    this.#tell({ payload: { $case: 'statusUpdate', value } });
    if (isNew) this.onChange?.();
  }

  #tell(event: StreamResponse): void {
    for (const listener of this.#listeners) listener(event);
    for (const wake of this.#wakes) wake();
  }
}

/** Who reads slowly hears of everything but of each step. */
function enqueue(queue: StreamResponse[], event: StreamResponse): void {
  const last = queue.at(-1);
  if (queue.length >= MAX_QUEUED && last !== undefined && isOnTheWay(last) && isOnTheWay(event)) queue.pop();
  queue.push(event);
}

/** Whether an event is no more than words on the way. */
export function isOnTheWay({ payload }: StreamResponse): boolean {
  return payload?.$case === 'statusUpdate' && payload.value.status?.state === TaskState.TASK_STATE_WORKING;
}

function statusOf(state: TaskState, message: Message | undefined): NonNullable<Task['status']> {
  return { state, message, timestamp: new Date().toISOString() };
}

function text(value: string): Part {
  return { content: { $case: 'text', value }, mediaType: 'text/plain', filename: '', metadata: undefined };
}

/** What an agent says of a task. */
export function said(taskId: string, contextId: string, parts: Part[]): Message {
  const [messageId, role] = [randomUUID(), Role.ROLE_AGENT];
  return { messageId, taskId, contextId, role, parts, metadata: undefined, extensions: [], referenceTaskIds: [] };
}
