/** @module What an agent has said so far to one message: a message of its own, or the state and the artifacts of a task. */
import { type Artifact, type Message, type Part, Role, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import { structuredOf, toContent, wordsOf } from './parts.ts';

/** States after which nothing comes. */
const TERMINAL: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);

/** How states are called where people read them. */
const NAMES: Readonly<Partial<Record<TaskState, string>>> = {
  [TaskState.TASK_STATE_SUBMITTED]: 'submitted',
  [TaskState.TASK_STATE_WORKING]: 'working',
  [TaskState.TASK_STATE_COMPLETED]: 'completed',
  [TaskState.TASK_STATE_FAILED]: 'failed',
  [TaskState.TASK_STATE_CANCELED]: 'canceled',
  [TaskState.TASK_STATE_REJECTED]: 'rejected',
  [TaskState.TASK_STATE_INPUT_REQUIRED]: 'input-required',
  [TaskState.TASK_STATE_AUTH_REQUIRED]: 'auth-required',
};

/** Takes what comes, in the order in which it comes. */
export class TaskView {
  taskId = '';
  contextId = '';
  /** ISO 8601, when the state was reached. */
  timestamp: string | undefined;
  #state = TaskState.TASK_STATE_UNSPECIFIED;
  #said: Message | undefined;
  readonly #artifacts = new Map<string, Artifact>();
  #isDoubtful = false;

  /** A task as it stands. */
  static of(task: Task): TaskView {
    const view = new TaskView();
    view.takeTask(task);
    return view;
  }

  /**
   * One event of a stream. Returns what it says of progress, if it does.
   *
   * @param joins whether the event does not tell if an artifact goes on or is another one: it goes on, and that is doubtful
   */
  take({ payload }: StreamResponse, joins = false): string | undefined {
    switch (payload?.$case) {
      case 'message':
        return this.takeMessage(payload.value);
      case 'task':
        return this.takeTask(payload.value);
      case 'statusUpdate': {
        const { taskId, contextId, status } = payload.value;
        this.#identify(taskId, contextId);
        this.#setState(status?.state, status?.message, status?.timestamp);
        return this.isSettled ? undefined : wordsOf(status?.message?.parts ?? []);
      }
      case 'artifactUpdate': {
        const { taskId, contextId, artifact, append } = payload.value;
        this.#identify(taskId, contextId);
        if (artifact === undefined) return undefined;
        this.#isDoubtful ||= joins && this.#artifacts.has(artifact.artifactId);
        this.#takeArtifact(artifact, append || joins);
        return wordsOf(artifact.parts);
      }
      default:
        return undefined;
    }
  }

  /** An answer without a task. */
  takeMessage(message: Message): undefined {
    this.#identify(message.taskId, message.contextId);
    this.#state = TaskState.TASK_STATE_COMPLETED;
    this.#said = message;
  }

  /** A task as it stands; what was known of it gives way. */
  takeTask({ id, contextId, status, artifacts, history }: Task): undefined {
    const isOver = status !== undefined && TERMINAL.has(status.state);
    this.#identify(id, contextId);
    this.#artifacts.clear();
    this.#isDoubtful = false;
    for (const artifact of artifacts) this.#takeArtifact(artifact, false);
    const last = history.findLast(({ role }) => role === Role.ROLE_AGENT);
    // Some agents leave their answer in the history alone.
    const said = status?.message ?? (isOver && artifacts.length === 0 ? last : undefined);
    this.#setState(status?.state, said, status?.timestamp);
  }

  /** The user answers: what was asked is asked no more. */
  resume(): void {
    this.#state = TaskState.TASK_STATE_WORKING;
    this.#said = undefined;
  }

  /** Whether the artifacts may be others than those that the task has. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  get isTerminal(): boolean {
    return TERMINAL.has(this.#state);
  }

  /** Nothing comes before somebody says something. */
  get isSettled(): boolean {
    return this.isTerminal || this.wantsInput || this.#state === TaskState.TASK_STATE_AUTH_REQUIRED;
  }

  get wantsInput(): boolean {
    return this.#state === TaskState.TASK_STATE_INPUT_REQUIRED;
  }

  get isCanceled(): boolean {
    return this.#state === TaskState.TASK_STATE_CANCELED;
  }

  get stateName(): string {
    return NAMES[this.#state] ?? 'unknown';
  }

  /** What the agent says of the state, in words. */
  get words(): string {
    return wordsOf(this.#said?.parts ?? []);
  }

  /** Tells one question of a task from the next. */
  get questionId(): string {
    return this.#said?.messageId || this.timestamp || 'question';
  }

  /** As the members of a `CallToolResult`. */
  result(): Readonly<Record<string, unknown>> {
    const parts: Part[] = [...[...this.#artifacts.values()].flatMap((one) => one.parts), ...(this.#said?.parts ?? [])];
    const content = toContent(parts);
    const structuredContent = structuredOf(parts);
    const isError = this.isTerminal && this.#state !== TaskState.TASK_STATE_COMPLETED;
    if (content.length === 0 && (isError || !this.isTerminal)) {
      content.push({ type: 'text', text: `The state of the agent's task is: ${this.stateName}` });
    }
    return { content, ...(structuredContent !== undefined && { structuredContent }), ...(isError && { isError }) };
  }

  #identify(taskId: string, contextId: string): void {
    this.taskId ||= taskId;
    this.contextId ||= contextId;
  }

  #setState(state: TaskState | undefined, said: Message | undefined, timestamp: string | undefined): void {
    this.#state = state ?? this.#state;
    this.#said = said;
    this.timestamp = timestamp ?? this.timestamp;
  }

  #takeArtifact(artifact: Artifact, append: boolean): void {
    const before = append ? this.#artifacts.get(artifact.artifactId) : undefined;
    const parts = before?.parts ?? [];
    join(parts, artifact.parts);
    this.#artifacts.set(artifact.artifactId, { ...artifact, parts });
  }
}

/** Text that comes in pieces is one text. In place: an agent may send any number of pieces. */
function join(parts: Part[], [first, ...others]: readonly Part[]): void {
  const last = parts.at(-1);
  if (first?.content?.$case === 'text' && last?.content?.$case === 'text') {
    const value = last.content.value + first.content.value;
    parts[parts.length - 1] = { ...last, content: { $case: 'text', value } };
  } else if (first !== undefined) parts.push(first);
  for (const part of others) parts.push(part);
}
