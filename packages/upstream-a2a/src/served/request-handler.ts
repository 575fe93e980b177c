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
/** Characters of what a caller calls a conversation. */
const MAX_CONTEXT_ID = 1024;

/** What the SDK's transports call. */
export function createRequestHandler(tasks: ServedTasks): A2ARequestHandler {
  /** The task that a message begins, or goes on with. */
  async function taskFor(
    { message, configuration }: SendMessageRequest,
    context: ServerCallContext,
  ): Promise<ServedTask> {
    if (!message?.messageId || message.parts.length === 0) {
      throw new RequestMalformedError('message.messageId and message.parts are required');
    }
    const push = configuration?.taskPushNotificationConfig;
    if (push) pushes().check(push); // before there is a task that would be left alone
    return message.taskId === '' ? begin(message, context, push) : goOn(message, context, push);
  }

  async function begin(
    message: Message,
    context: ServerCallContext,
    push?: TaskPushNotificationConfig,
  ): Promise<ServedTask> {
    const owner = ownerOf(context);
    if (message.contextId.length > MAX_CONTEXT_ID) {
      throw new RequestMalformedError(`message.contextId must have at most ${MAX_CONTEXT_ID} characters`);
    }
    const contextId = message.contextId || randomUUID();
    const handle = message.contextId === '' ? undefined : await tasks.handleOf(owner, contextId);
    const { caller } = callOf(context);
    const task = tasks.create({ owner, caller: caller.id, contextId, message });
    if (push) tasks.push?.set(task, push, versionOf(context));
    void runTask(task, message, callOf(context), handle);
    return task;
  }

  async function goOn(
    message: Message,
    context: ServerCallContext,
    push?: TaskPushNotificationConfig,
  ): Promise<ServedTask> {
    const task = await foundHere(message.taskId, context);
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

  async function found(id: string, context: ServerCallContext): Promise<ServedTask> {
    const task = await tasks.lookUp(ownerOf(context), id, callOf(context));
    if (task === undefined) throw new TaskNotFoundError(`Task not found: ${id.slice(0, 100)}`);
    return task;
  }

  /** One that this process may change. @throws UnsupportedOperationError */
  async function foundHere(id: string, context: ServerCallContext): Promise<ServedTask> {
    const task = await found(id, context);
    if (!task.isElsewhere) return task;
    throw new UnsupportedOperationError(`Another process is at work on the task ${id}: here it can only be asked for`);
  }

  /** What is told of a task is kept first, so that it holds whatever becomes of this process. */
  async function shown(task: ServedTask, context: ServerCallContext, historyLength?: number): Promise<Task> {
    await tasks.saved(task);
    // Another process took this one for dead, and its word counts.
    return snapshotOf(task.isReleased ? await found(task.id, context) : task, historyLength);
  }

  async function* eventsOf(
    task: ServedTask,
    context: ServerCallContext,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    for await (const event of task.events(goneOf(context).signal)) {
      await tasks.saved(task);
      if (task.isReleased) return;
      yield event;
    }
  }

  return {
    getAgentCard: async () => (tasks.push === undefined ? CAPABLE : TELLING),
    async getAuthenticatedExtendedAgentCard(_params, context) {
      const call = callOf(context);
      if (call.card === undefined) throw new UnsupportedOperationError('There is no card');
      return AgentCard.fromJSON(servedCard(call.card, await offersAt(call), tasks.push !== undefined));
    },
    async sendMessage(params, context): Promise<Task> {
      const task = await taskFor(params, context);
      const { returnImmediately, historyLength } = params.configuration ?? {};
      if (returnImmediately !== true) await task.settled();
      return shown(task, context, historyLength);
    },
    async *sendMessageStream(params, context): AsyncGenerator<StreamResponse, void, undefined> {
      yield* eventsOf(await taskFor(params, context), context);
    },
    async getTask({ id, historyLength }, context) {
      return shown(await found(id, context), context, historyLength);
    },
    async listTasks({ contextId, status, pageSize = 50, pageToken, historyLength, includeArtifacts }, context) {
      const offset = Number(pageToken || 0);
      const isCount = Number.isInteger(offset) && Number.isInteger(pageSize);
      if (!isCount || offset < 0 || pageSize < 1 || pageSize > MAX_PAGE) {
        throw new RequestMalformedError(`pageSize must be 1 to ${MAX_PAGE}, and pageToken from a page before`);
      }
      const query = { contextId, state: status || undefined, offset, limit: pageSize };
      const { tasks: some, nextOffset, total } = await tasks.list(ownerOf(context), query, callOf(context));
      const page = some
        .map((task) => snapshotOf(task, historyLength))
        .filter((task) => !status || task.status?.state === status) // it may have gone on since it was kept
        .map((task) => (includeArtifacts === true ? task : { ...task, artifacts: [] }));
      return {
        tasks: page,
        nextPageToken: nextOffset === undefined ? '' : String(nextOffset),
        pageSize,
        totalSize: total,
      };
    },
    async cancelTask({ id }, context) {
      const task = await foundHere(id, context);
      if (task.isOver) throw new TaskNotCancelableError(`The task ${id} is over`);
      task.cancel();
      return shown(task, context);
    },
    async *resubscribe({ id }, context) {
      const task = await foundHere(id, context);
      if (task.isOver) throw new UnsupportedOperationError(`The task ${id} is over`);
      yield* eventsOf(task, context);
    },
    async createTaskPushNotificationConfig(config, context) {
      const push = pushes();
      const task = await foundHere(config.taskId, context);
      const told = push.set(task, config, versionOf(context));
      await tasks.keep(task);
      return told;
    },
    async getTaskPushNotificationConfig({ taskId, id }, context) {
      return pushes().get(await found(taskId, context), id);
    },
    async listTaskPushNotificationConfigs({ taskId }, context) {
      return { configs: pushes().list(await found(taskId, context)), nextPageToken: '' };
    },
    async deleteTaskPushNotificationConfig({ taskId, id }, context) {
      const push = pushes();
      const task = await foundHere(taskId, context);
      push.delete(task, id);
      await tasks.keep(task);
    },
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

function snapshotOf(task: ServedTask, historyLength: number | undefined): Task {
  const snapshot = task.snapshot();
  if (historyLength === undefined) return snapshot;
  return { ...snapshot, history: historyLength === 0 ? [] : snapshot.history.slice(-historyLength) };
}
