/** @module A task as text for the store, and back: no more of it than there is room for. */
import { Task, TaskPushNotificationConfig } from '@a2a-js/sdk';
import type { AgentTaskRecord } from '@forge/core';
import { textPart } from '../a2a/parts.ts';
import { said, type ServedTask } from './served-task.ts';

/** Where an agent wants to be told, and in the words of which version. */
export interface KeptPush {
  readonly config: TaskPushNotificationConfig;
  readonly version: string;
}

/** What is kept of a task. */
export interface KeptTask {
  readonly record: AgentTaskRecord;
  /** Whose it is, as `ServedTask` has it. */
  readonly owner: string;
  readonly caller: string;
  readonly task: Task;
  /** What a conversation with an upstream goes on with. */
  readonly handle: string | undefined;
  /** The upstream's task whose end is its own. */
  readonly following: string | undefined;
  readonly pushes: readonly KeptPush[];
}

/** Characters of one task. */
const MAX_BODY = 262_144;

/** The text. A task that is too long is kept without its history, then without what came of it, and says so. */
export function bodyOf(served: ServedTask, task: Task, pushes: readonly KeptPush[]): string {
  const { owner, caller, handle, following } = served;
  const rest = {
    owner,
    caller,
    handle,
    following,
    pushes: pushes.map(({ config, version }) => ({ config: TaskPushNotificationConfig.toJSON(config), version })),
  };
  const textOf = (shortened: Task): string => JSON.stringify({ ...rest, task: Task.toJSON(shortened) });
  const withoutHistory = textOf({ ...task, history: [] });
  if (withoutHistory.length > MAX_BODY) return textOf(withoutResult(task));
  const whole = textOf(task);
  return whole.length <= MAX_BODY ? whole : withoutHistory;
}

/** Reads such a text. @throws when it is none */
export function keptOf(record: AgentTaskRecord, body: string): KeptTask {
  const { owner, caller, handle, following, pushes, task } = JSON.parse(body) as {
    owner: string;
    caller: string;
    handle?: string;
    following?: string;
    pushes: readonly { config: unknown; version: string }[];
    task: unknown;
  };
  return {
    record,
    owner,
    caller,
    task: Task.fromJSON(task),
    handle,
    following,
    pushes: pushes.map(({ config, version }) => ({ config: TaskPushNotificationConfig.fromJSON(config), version })),
  };
}

function withoutResult(task: Task): Task {
  const { id, contextId, status } = task;
  const words = `What came of it had more than ${MAX_BODY} characters, and is not kept`;
  const message = said(id, contextId, [textPart(words)]);
  return { id, contextId, status: status && { ...status, message }, artifacts: [], history: [], metadata: undefined };
}
