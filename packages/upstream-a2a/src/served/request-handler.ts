/** @module A2A's operations (1.0, 3.1) on the tasks that Forge has of agents. */
import { randomUUID } from 'node:crypto';
import {
  AgentCard,
  type Message,
  type SendMessageRequest,
  type StreamResponse,
  type Task,
  type TaskPushNotificationConfig,
} from '@a2a-js/sdk';
import {
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import type { PushNotifications } from './push-notifications.ts';
import { offersAt, runTask, type ServedCall } from './run-task.ts';
import { servedCard } from './served-card.ts';
import type { ServedTask } from './served-task.ts';
import type { ServedTasks } from './served-tasks.ts';

/** Where the context of a request has its {@link ServedCall}. */
export const CALL = 'forge/call';
/** Where it has an `AbortController`, which is aborted when nobody reads the answer any more. */
export const GONE = 'forge/gone';

const MAX_PAGE = 100;
/** Bytes, about, of the tasks on a page; one that has more is a page of its own. */
const MAX_PAGE_BYTES = 8_388_608;

/** What the SDK's transports call. */
export function createRequestHandler(tasks: ServedTasks): A2ARequestHandler {
  /** The task that a message begins, or goes on with. */
  function taskFor({ message, configuration }: SendMessageRequest, context: ServerCallContext): ServedTask {
    if (!message?.messageId || message.parts.length === 0) {
      throw new RequestMalformedError('message.messageId and message.parts are required');
    }
    const push = configuration?.taskPushNotificationConfig;
    if (push) pushes().check(push); // before there is a task that would be left alone
    return message.taskId === '' ? begin(message, context, push) : goOn(message, context, push);
  }

  function begin(message: Message, context: ServerCallContext, push?: TaskPushNotificationConfig): ServedTask {
    const owner = ownerOf(context);
    const contextId = message.contextId || randomUUID();
    const before = tasks.of(owner).find((task) => task.contextId === contextId && task.handle !== undefined);
    const { caller } = callOf(context);
    const task = tasks.create({ owner, caller: caller.id, contextId, message });
    if (push) tasks.push?.set(task, push, versionOf(context));
    void runTask(task, message, callOf(context), before?.handle);
    return task;
  }

  function goOn(message: Message, context: ServerCallContext, push?: TaskPushNotificationConfig): ServedTask {
    const task = found(message.taskId, context);
    if (message.contextId !== '' && message.contextId !== task.contextId) {
      throw new RequestMalformedError('message.contextId is not that of the task');
    }
    if (!task.waits) throw new UnsupportedOperationError(`The task ${task.id} does not wait for a message`);
    tasks.admit(task.caller, message);
    if (push) tasks.push?.set(task, push, versionOf(context));
    task.answer(message);
    return task;
  }

  /** @throws PushNotificationNotSupportedError */
  function pushes(): PushNotifications {
    if (tasks.push === undefined) throw new PushNotificationNotSupportedError();
    return tasks.push;
  }

  function found(id: string, context: ServerCallContext): ServedTask {
    const task = tasks.find(ownerOf(context), id);
    if (task === undefined) throw new TaskNotFoundError(`Task not found: ${id.slice(0, 100)}`);
    return task;
  }

  return {
    getAgentCard: async () => (tasks.push === undefined ? CAPABLE : TELLING),
    async getAuthenticatedExtendedAgentCard(_params, context) {
      const call = callOf(context);
      if (call.card === undefined) throw new UnsupportedOperationError('There is no card');
      return AgentCard.fromJSON(servedCard(call.card, await offersAt(call), tasks.push !== undefined));
    },
    async sendMessage(params, context): Promise<Task> {
      const task = taskFor(params, context);
      const { returnImmediately, historyLength } = params.configuration ?? {};
      if (returnImmediately !== true) await task.settled();
      return shown(task, historyLength);
    },
    async *sendMessageStream(params, context): AsyncGenerator<StreamResponse, void, undefined> {
      yield* taskFor(params, context).events(goneOf(context).signal);
    },
    async getTask({ id, historyLength }, context) {
      return shown(found(id, context), historyLength);
    },
    async listTasks({ contextId, status, pageSize = 50, pageToken, historyLength, includeArtifacts }, context) {
      const offset = Number(pageToken || 0);
      const isCount = Number.isInteger(offset) && Number.isInteger(pageSize);
      if (!isCount || offset < 0 || pageSize < 1 || pageSize > MAX_PAGE) {
        throw new RequestMalformedError(`pageSize must be 1 to ${MAX_PAGE}, and pageToken from a page before`);
      }
      const all = tasks
        .of(ownerOf(context))
        .filter((task) => (contextId === '' || task.contextId === contextId) && (!status || task.state === status));
      const page = pageOf(all.slice(offset, offset + pageSize));
      const end = offset + page.length;
      const nextPageToken = end < all.length ? String(end) : '';
      const found = page.map((task) => shown(task, historyLength));
      return {
        tasks: includeArtifacts === true ? found : found.map((task) => ({ ...task, artifacts: [] })),
        nextPageToken,
        pageSize,
        totalSize: all.length,
      };
    },
    async cancelTask({ id }, context) {
      const task = found(id, context);
      if (task.isOver) throw new TaskNotCancelableError(`The task ${id} is over`);
      task.cancel();
      return task.snapshot();
    },
    async *resubscribe({ id }, context) {
      const task = found(id, context);
      if (task.isOver) throw new UnsupportedOperationError(`The task ${id} is over`);
      yield* task.events(goneOf(context).signal);
    },
    createTaskPushNotificationConfig: async (config, context) =>
      pushes().set(found(config.taskId, context), config, versionOf(context)),
    getTaskPushNotificationConfig: async ({ taskId, id }, context) => pushes().get(found(taskId, context), id),
    listTaskPushNotificationConfigs: async ({ taskId }, context) => ({
      configs: pushes().list(found(taskId, context)),
      nextPageToken: '',
    }),
    deleteTaskPushNotificationConfig: async ({ taskId, id }, context) => pushes().delete(found(taskId, context), id),
  };
}

/** The transports look at its capabilities; clients get another one, by GET. */
const CAPABLE = AgentCard.fromJSON({ name: 'forge', capabilities: { streaming: true, extendedAgentCard: true } });

const TELLING = AgentCard.fromJSON({
  name: 'forge',
  capabilities: { streaming: true, extendedAgentCard: true, pushNotifications: true },
});

/** In whose form its caller is told. */
function versionOf({ requestedVersion }: ServerCallContext): string {
  return requestedVersion ?? '1.0';
}

function callOf({ state }: ServerCallContext): ServedCall {
  return state.get(CALL) as ServedCall;
}

/** What is aborted when nobody reads the answer any more. */
export function goneOf({ state }: ServerCallContext): AbortController {
  return state.get(GONE) as AbortController;
}

/** An endpoint's caller: at another endpoint it is another owner. */
function ownerOf(context: ServerCallContext): string {
  return context.user?.userName ?? '';
}

/** As many of the first ones as one answer can hold. */
function pageOf(tasks: readonly ServedTask[]): readonly ServedTask[] {
  let held = 0;
  const end = tasks.findIndex((task, at) => (held += task.weight) > MAX_PAGE_BYTES && at > 0);
  return end === -1 ? tasks : tasks.slice(0, end);
}

function shown(task: ServedTask, historyLength: number | undefined): Task {
  const snapshot = task.snapshot();
  if (historyLength === undefined) return snapshot;
  return { ...snapshot, history: historyLength === 0 ? [] : snapshot.history.slice(-historyLength) };
}
