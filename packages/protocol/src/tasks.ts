/**
 * @module The tasks extension (SEP-2663): a server may answer a call by a task, whose state its client asks for afterwards
 * by the task's id. The experimental tasks of 2025-11-25 are another thing, and nothing here is about them.
 */
import { ForgeError } from './errors.ts';
import type { Client } from './exchange.ts';
import type { JsonText } from './json-text.ts';

/** How capabilities name the extension. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** Capabilities that name the extension and nothing else. */
const ONLY_TASKS = { extensions: { [TASKS_EXTENSION]: {} } };

/** {@link ONLY_TASKS} as JSON text: what Forge declares where it asks for tasks itself. */
export const TASKS_CAPABILITIES = JSON.stringify(ONLY_TASKS);

/** Requests about one task, `params.taskId`. */
export const TASK_METHODS: ReadonlySet<string> = new Set(['tasks/get', 'tasks/update', 'tasks/cancel']);

/** Whether capabilities, a client's or a server's, name the extension. */
export function declaresTasks(capabilities: JsonText): boolean {
  const { extensions } = capabilities.value as { extensions?: Readonly<Record<string, unknown>> | null };
  const declared = extensions?.[TASKS_EXTENSION];
  return typeof declared === 'object' && declared !== null;
}

/** Whether a client may be answered by a task, and ask about one. Legacy clients know no extensions. */
export function takesTasks({ era, capabilities }: Client): boolean {
  return era === 'modern' && declaresTasks(capabilities);
}

/** The error for a client that would have to declare the extension. */
export function needsTasks(): ForgeError {
  const message = `This needs the extension ${TASKS_EXTENSION}, which the client did not declare`;
  return new ForgeError('missing_client_capability', message, { data: { requiredCapabilities: ONLY_TASKS } });
}

const COMPLETE = '{"resultType":"complete",';

/** Whether a result in modern form is a task instead of what was asked for (`CreateTaskResult`). */
export function isTask(result: JsonText): boolean {
  if (result.isParsed) return (result.value as { resultType?: unknown } | null)?.resultType === 'task';
  const { text } = result;
  if (text.startsWith(COMPLETE)) return false; // as nearly every result begins, Forge's own among them
  // However it is spelled: most results are told from a task without a look at their members.
  if (!text.includes('"task"') && !text.includes(String.raw`\u`)) return false;
  return result.member('resultType')?.value === 'task';
}
