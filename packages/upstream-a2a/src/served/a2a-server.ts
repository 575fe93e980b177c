/** @module What serves A2A: JSON-RPC of 1.0 and of 0.3 by the official SDK, HTTP+JSON of 1.0, over tasks of our own. */
import { isV1JsonRpcMethod } from '@a2a-js/sdk/compat/v0_3';
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server';
import { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { toJsonRpcError, VersionNotSupportedError } from '@a2a-js/sdk/errors';
import type { JsonText } from '@forge/protocol';
import type { AgentServer } from './agent-server.ts';
import { eventStream, type SentEvent } from './event-stream.ts';
import { CALL, createRequestHandler } from './request-handler.ts';
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
      if (!isSpoken(version, ['1.0', '0.3'])) return Response.json(refusal(request, notSpoken(version)));
      const isModern = isV1JsonRpcMethod(request.member('method')?.value);
      const context = contextOf(call, isModern ? '1.0' : '0.3');
      const answer = await (isModern ? modern : legacy).handle(request.text, context);
      return Symbol.asyncIterator in answer ? streamOf(answer) : Response.json(answer);
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

function refusal(request: JsonText, error: VersionNotSupportedError): object {
  return { jsonrpc: '2.0', id: request.member('id')?.value ?? null, error: toJsonRpcError(error) };
}

function contextOf(call: ServedCall, requestedVersion: string): ServerCallContext {
  const userName = JSON.stringify([call.place, call.caller.id]);
  const user = { isAuthenticated: true, userName };
  return new ServerCallContext({ user, requestedVersion, state: new Map([[CALL, call]]) });
}

/** Events; an error before the first one is a plain answer. */
async function streamOf(events: AsyncGenerator<object, void, undefined>): Promise<Response> {
  const first = await events.next();
  if (first.done === true || 'error' in first.value) return Response.json(first.value ?? null);
  const texts = async function* (): AsyncGenerator<SentEvent, void, undefined> {
    try {
      yield { data: JSON.stringify(first.value) };
      for await (const event of events) yield { data: JSON.stringify(event) };
    } finally {
      await events.return();
    }
  };
  return eventStream(texts());
}
