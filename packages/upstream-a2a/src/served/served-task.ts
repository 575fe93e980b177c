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

/** One task. */
export class ServedTask {
  readonly id = randomUUID();
  readonly owner: string;
  readonly caller: string;
  readonly contextId: string;
  /** What a conversation with an upstream goes on with. */
  handle: string | undefined;
  readonly #patienceMs: number;
  readonly #onOver: () => void;
  readonly #history: Message[];
  readonly #artifacts: Artifact[] = [];
  readonly #listeners = new Set<(event: StreamResponse) => void>();
  #status: NonNullable<Task['status']>;
  #weight: number;
  #followers = 0;
  #asking: Promise<unknown> = Promise.resolve();
  #answered: ((message: Message | undefined) => void) | undefined;
  #onCancel: (() => void) | undefined;

  constructor({ owner, caller, contextId, message, patienceMs, onOver }: ServedTaskInit) {
    this.owner = owner;
    this.caller = caller;
    this.contextId = contextId;
    this.#patienceMs = patienceMs;
    this.#onOver = onOver;
    this.#history = [{ ...message, taskId: this.id, contextId }];
    this.#weight = weightOf(message);
    this.#status = statusOf(TaskState.TASK_STATE_SUBMITTED, undefined);
  }

  get state(): TaskState {
    return this.#status.state;
  }

  get isOver(): boolean {
    return TERMINAL.has(this.#status.state);
  }

  /** Whether it waits for a message of its owner. */
  get waits(): boolean {
    return this.#answered !== undefined;
  }

  /** About how many bytes it holds. */
  get weight(): number {
    return this.#weight;
  }

  /** As it stands now. */
  snapshot(): Task {
    const { id, contextId } = this;
    const [status, artifacts, history] = [this.#status, [...this.#artifacts], [...this.#history]];
    return { id, contextId, status, artifacts, history, metadata: undefined };
  }

  /** It is at work. */
  progress(words: string): void {
    if (!this.isOver && !this.waits) this.#enter(TaskState.TASK_STATE_WORKING, words === '' ? [] : [text(words)]);
  }

  /** What came of it. The last call counts; what comes after the end does not. */
  finish(state: TaskState, parts: readonly Part[]): void {
    if (this.isOver) return;
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
    if (this.isOver) return undefined;
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

  /** Resolves when it is over, or waits for its owner. */
  async settled(): Promise<void> {
    if (this.isOver || this.waits) return;
    await new Promise<void>((resolve) => {
      const listener = (): void => {
        if (!this.isOver && !this.waits) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
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
    let wake = (): void => {};
    const listener = (event: StreamResponse): void => {
      enqueue(queue, event);
      wake();
    };
    const leave = (): void => wake();
    this.#listeners.add(listener);
    this.#followers += 1;
    gone.addEventListener('abort', leave);
    try {
      for (;;) {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) yield next;
        if (this.isOver || this.waits || gone.aborted) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#listeners.delete(listener);
      this.#followers -= 1;
      gone.removeEventListener('abort', leave);
    }
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
    this.#status = statusOf(state, parts.length === 0 ? undefined : said(taskId, contextId, parts));
    const value = { taskId, contextId, status: this.#status, metadata: undefined };
    this.#tell({ payload: { $case: 'statusUpdate', value } });
  }

  #tell(event: StreamResponse): void {
    for (const listener of this.#listeners) listener(event);
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

function said(taskId: string, contextId: string, parts: Part[]): Message {
  const [messageId, role] = [randomUUID(), Role.ROLE_AGENT];
  return { messageId, taskId, contextId, role, parts, metadata: undefined, extensions: [], referenceTaskIds: [] };
}
