/** @module What serves A2A: JSON-RPC of 1.0 and of 0.3 by the official SDK, HTTP+JSON of 1.0, over tasks of our own. */
import { isV1JsonRpcMethod } from '@a2a-js/sdk/compat/v0_3';
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server';
import { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { A2AError, toJsonRpcError, VersionNotSupportedError } from '@a2a-js/sdk/errors';
import { ForgeError, type JsonText } from '@forge/protocol';
import type { AgentServer } from './agent-server.ts';
import { eventStream, type SentEvent } from './event-stream.ts';
import { CALL, createRequestHandler, GONE, goneOf } from './request-handler.ts';
import { createRestBinding } from './rest-binding.ts';
import { restErrorResponse } from './rest-errors.ts';
import { offersAt, type ServedCall } from './run-task.ts';
import { servedCard } from './served-card.ts';
import { ServedTasks, type ServedTasksOptions } from './served-tasks.ts';

/** Makes what {@link AgentServer} is made of. */
export function createA2aServer(options: ServedTasksOptions): AgentServer {
  const tasks = new ServedTasks(options);
  const handler = createRequestHandler(tasks);
  const modern = new JsonRpcTransportHandler(handler);
  const legacy = new LegacyJsonRpcTransportHandler(handler);

  const rest = createRestBinding(handler);
  void tasks.endAbandoned();
  const sweep = setInterval(() => void tasks.endAbandoned(), SWEEP_MS).unref();

  return {
    card: async (call, fields) => servedCard(fields, await offersAt(call), tasks.push !== undefined),
    async serve(call, request, version) {
      if (!request.isObject) return Response.json(NO_REQUEST);
      if (!isSpoken(version, ['1.0', '0.3'])) return Response.json(failure(request, notSpoken(version)));
      const isModern = isV1JsonRpcMethod(request.member('method')?.value);
      const context = contextOf(call, isModern ? '1.0' : '0.3');
      const answer = await (isModern ? modern : legacy).handle(request.text, context);
      return Symbol.asyncIterator in answer ? streamOf(answer, request, context) : Response.json(answer);
    },
    async rest(call, request, version) {
      if (!isSpoken(version, ['1.0'])) return restErrorResponse(notSpoken(version));
      return rest(request, contextOf(call, '1.0'));
    },
    async close() {
      clearInterval(sweep);
      await tasks.close();
    },
  };
}

/** How often tasks are looked for whose process is no more. */
const SWEEP_MS = 60_000;

/** `A2A-Version` (1.0, 3.6): patches do not count. Who says nothing is understood by what is sent. */
function isSpoken(version: string | undefined, spoken: readonly string[]): boolean {
  const [wanted] = /^\d+\.\d+/.exec(version ?? '') ?? [version ?? ''];
  return wanted === '' || spoken.includes(wanted);
}

function notSpoken(version = ''): VersionNotSupportedError {
  return new VersionNotSupportedError(`A2A ${version.slice(0, 16)} is not spoken here`);
}

/** JSON-RPC 2.0, 5.1. Batches are none of A2A's. */
const NO_REQUEST = { jsonrpc: '2.0', id: null, error: { code: -32600, message: 'Invalid JSON-RPC Request.' } };

/** Errors that nobody meant say nothing of what is inside. */
function failure(request: JsonText, thrown: unknown): object {
  const error = thrown instanceof A2AError ? thrown : new Error(ForgeError.from(thrown).publicMessage);
  return { jsonrpc: '2.0', id: request.member('id')?.value ?? null, error: toJsonRpcError(error) };
}

function contextOf(call: ServedCall, requestedVersion: string): ServerCallContext {
  const userName = JSON.stringify([call.place, call.caller.id]);
  const user = { isAuthenticated: true, userName };
  const state = new Map<string, unknown>([
    [CALL, call],
    [GONE, new AbortController()],
  ]);
  return new ServerCallContext({ user, requestedVersion, state });
}

/** Events; an error before the first one is a plain answer. */
async function streamOf(
  events: AsyncGenerator<object, void, undefined>,
  request: JsonText,
  context: ServerCallContext,
): Promise<Response> {
  let first: IteratorResult<object, void>;
  try {
    first = await events.next();
  } catch (error) {
    return Response.json(failure(request, error));
  }
  const texts = async function* (): AsyncGenerator<SentEvent, void, undefined> {
    try {
      if (first.done !== true) yield { data: JSON.stringify(first.value) };
      for await (const event of events) yield { data: JSON.stringify(event) };
    } catch (error) {
      yield { data: JSON.stringify(failure(request, error)) };
    } finally {
      await events.return();
    }
  };
  return eventStream(texts(), () => goneOf(context).abort());
}
