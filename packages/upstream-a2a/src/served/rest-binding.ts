/** @module A2A's HTTP+JSON binding (1.0, 11): which operation a request asks for, and its answer. */
import {
  A2A_CONTENT_TYPE,
  AgentCard,
  ListTaskPushNotificationConfigsResponse,
  SendMessageRequest,
  SendMessageResponse,
  StreamResponse,
  Task,
  TaskPushNotificationConfig,
  TaskState,
  taskStateFromJSON,
} from '@a2a-js/sdk';
import { RequestMalformedError } from '@a2a-js/sdk/errors';
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { eventStream } from './event-stream.ts';
import { goneOf } from './request-handler.ts';
import { restErrorBody, restErrorResponse, restFailure } from './rest-errors.ts';
import type { RestRequest } from './rest-request.ts';

/** Answers one request; what goes wrong is an answer, too. */
export type RestBinding = (request: RestRequest, context: ServerCallContext) => Promise<Response>;

/** One operation; `ids` are those in the path. */
type Operation = (
  request: RestRequest,
  context: ServerCallContext,
  ...ids: string[]
) => Promise<Response> | Response | Promise<object>;

/** By method and path; `*` is an id. */
type Operations = readonly (readonly [method: string, path: string, operation: Operation])[];

/** Makes the binding of a handler. */
export function createRestBinding(handler: A2ARequestHandler): RestBinding {
  const operations = operationsOf(handler).map(([method, path, operation]) => {
    const pattern = new RegExp(`^${path.replaceAll('*', '([^/:]+)')}$`);
    return { method, pattern, operation };
  });

  return async (request, context) => {
    const found = operations.flatMap((one) => {
      const match = one.pattern.exec(request.path);
      return match === null ? [] : [{ ...one, ids: match.slice(1) }];
    });
    const chosen = found.find(({ method }) => method === request.method);
    if (chosen === undefined) return nowhere(found.map(({ method }) => method));
    try {
      const answer = await chosen.operation(request, context, ...chosen.ids);
      return answer instanceof Response ? answer : answerOf(answer);
    } catch (error) {
      return restErrorResponse(error);
    }
  };
}

function operationsOf(handler: A2ARequestHandler): Operations {
  const subscribe: Operation = (_request, context, id = '') =>
    streamOf(handler.resubscribe({ id, tenant: '' }, context), context);
  return [
    [
      'POST',
      'message:send',
      async (request, context) => {
        const answer = await handler.sendMessage(read(SendMessageRequest, request), context);
        const payload = 'messageId' in answer ? { $case: 'message' as const, value: answer } : taskOf(answer);
        return SendMessageResponse.toJSON({ payload }) as object;
      },
    ],
    [
      'POST',
      'message:stream',
      (request, context) => streamOf(handler.sendMessageStream(read(SendMessageRequest, request), context), context),
    ],
    ['GET', 'tasks', (request, context) => list(handler, request, context)],
    [
      'GET',
      'tasks/*',
      async ({ query }, context, id = '') =>
        shown(await handler.getTask({ id, tenant: '', historyLength: integer(query, 'historyLength') }, context)),
    ],
    [
      'POST',
      'tasks/*:cancel',
      async (_request, context, id = '') =>
        shown(await handler.cancelTask({ id, tenant: '', metadata: undefined }, context)),
    ],
    ['GET', 'tasks/*:subscribe', subscribe],
    ['POST', 'tasks/*:subscribe', subscribe],
    [
      'GET',
      'extendedAgentCard',
      async (_request, context) =>
        AgentCard.toJSON(await handler.getAuthenticatedExtendedAgentCard({ tenant: '' }, context)) as object,
    ],
    ...pushOperations(handler),
  ];
}

function pushOperations(handler: A2ARequestHandler): Operations {
  const shownConfig = (config: TaskPushNotificationConfig) => TaskPushNotificationConfig.toJSON(config) as object;
  return [
    [
      'POST',
      'tasks/*/pushNotificationConfigs',
      async (request, context, taskId = '') => {
        const config = { ...read(TaskPushNotificationConfig, request), taskId };
        return answerOf(shownConfig(await handler.createTaskPushNotificationConfig(config, context)), 201);
      },
    ],
    [
      'GET',
      'tasks/*/pushNotificationConfigs',
      async (_request, context, taskId = '') => {
        const all = { taskId, tenant: '', pageSize: 0, pageToken: '' };
        const answer = await handler.listTaskPushNotificationConfigs(all, context);
        return ListTaskPushNotificationConfigsResponse.toJSON(answer) as object;
      },
    ],
    [
      'GET',
      'tasks/*/pushNotificationConfigs/*',
      async (_request, context, taskId = '', id = '') =>
        shownConfig(await handler.getTaskPushNotificationConfig({ taskId, id, tenant: '' }, context)),
    ],
    [
      'DELETE',
      'tasks/*/pushNotificationConfigs/*',
      async (_request, context, taskId = '', id = '') => {
        await handler.deleteTaskPushNotificationConfig({ taskId, id, tenant: '' }, context);
        return new Response(null, { status: 204 });
      },
    ],
  ];
}

async function list(handler: A2ARequestHandler, { query }: RestRequest, context: ServerCallContext): Promise<object> {
  const named = query.get('status') ?? '';
  const status = named === '' ? TaskState.TASK_STATE_UNSPECIFIED : taskStateFromJSON(named);
  if (status === TaskState.UNRECOGNIZED) throw new RequestMalformedError('status is no state of a task');
  const includeArtifacts = query.get('includeArtifacts') === 'true';
  const answer = await handler.listTasks(
    {
      tenant: '',
      contextId: query.get('contextId') ?? '',
      status,
      pageSize: integer(query, 'pageSize'),
      pageToken: query.get('pageToken') ?? '',
      historyLength: integer(query, 'historyLength'),
      statusTimestampAfter: undefined,
      includeArtifacts,
    },
    context,
  );
  return { ...answer, tasks: answer.tasks.map(shown) };
}

/** Reads a body. @throws RequestMalformedError */
function read<T>(type: { fromJSON(value: unknown): T }, { body }: RestRequest): T {
  if (body?.isObject !== true) throw new RequestMalformedError('The body must be a JSON object');
  try {
    return type.fromJSON(body.value);
  } catch (cause) {
    throw new RequestMalformedError(`The body is not what is expected here: ${(cause as Error).message.slice(0, 200)}`);
  }
}

/** A number in the query. @throws RequestMalformedError */
function integer(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new RequestMalformedError(`${name} must be a whole number`);
  return Number(text);
}

function shown(task: Task): object {
  return Task.toJSON(task) as object;
}

function taskOf(value: Task) {
  return { $case: 'task' as const, value };
}

function answerOf(body: object, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'content-type': A2A_CONTENT_TYPE } });
}

/** Events; an error before the first one is a plain answer. */
async function streamOf(
  events: AsyncGenerator<StreamResponse, void, undefined>,
  context: ServerCallContext,
): Promise<Response> {
  const first = await events.next();
  const texts = async function* (): AsyncGenerator<{ event?: string; data: string }, void, undefined> {
    try {
      if (first.done !== true) yield { data: JSON.stringify(StreamResponse.toJSON(first.value)) };
      for await (const event of events) yield { data: JSON.stringify(StreamResponse.toJSON(event)) };
    } catch (error) {
      yield { event: 'error', data: JSON.stringify(restErrorBody(error)) };
    } finally {
      await events.return();
    }
  };
  return eventStream(texts(), () => goneOf(context).abort());
}

function nowhere(methods: readonly string[]): Response {
  if (methods.length === 0) return restFailure(404, 'There is no such operation of A2A');
  const response = restFailure(405, `Only ${methods.join(', ')} is allowed here`);
  response.headers.set('allow', methods.join(', '));
  return response;
}
