/** @module A task of A2A as a task of MCP (the tasks extension, SEP-2663). */
import { JsonText } from '@forge/protocol';
import { questionOf } from './questions.ts';
import type { TaskView } from './task-view.ts';

/** How often a client should ask, in ms. */
const POLL_MS = 1000;

/** `CreateTaskResult`. */
export function createTaskResult(view: TaskView): JsonText {
  return JsonText.of({ resultType: 'task', ...baseOf(view) });
}

/** `GetTaskResult`, or the params of `notifications/tasks`. `meta` goes with the result of the call. */
export function detailedTask(view: TaskView, meta?: object): Readonly<Record<string, unknown>> {
  const base = baseOf(view);
  switch (base.status) {
    case 'input_required': {
      const { method, params } = questionOf(view);
      return { ...base, inputRequests: { [questionKey(view)]: { method, params: params?.value } } };
    }
    case 'completed':
      return { ...base, result: { ...view.result(), ...(meta && { _meta: meta }) } };
    default:
      return base;
  }
}

/** The name of the question that a task asks now; another question of it has another name. */
export function questionKey(view: TaskView): string {
  return `ask-${view.questionId}`;
}

function baseOf(view: TaskView) {
  const at = view.timestamp ?? new Date().toISOString();
  const { words } = view;
  return {
    taskId: view.taskId,
    status: statusOf(view),
    ...(words !== '' && { statusMessage: words }),
    createdAt: at, // A2A does not tell; the last change is the earliest moment that is known
    lastUpdatedAt: at,
    ttlMs: null,
    pollIntervalMs: POLL_MS,
  };
}

/** A task that failed has a result that says so: `failed` is for errors of JSON-RPC alone. */
function statusOf(view: TaskView): 'working' | 'input_required' | 'completed' | 'cancelled' {
  if (view.isCanceled) return 'cancelled';
  if (view.isTerminal) return 'completed';
  return view.wantsInput ? 'input_required' : 'working';
}
