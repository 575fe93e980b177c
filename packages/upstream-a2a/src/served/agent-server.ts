/** @module Endpoints of Forge as A2A agents: JSON-RPC of 1.0 and of 0.3, by the official SDK. */
import { isV1JsonRpcMethod } from '@a2a-js/sdk/compat/v0_3';
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server';
import { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { encodeEvent, type JsonText } from '@forge/protocol';
import { CALL, createRequestHandler } from './request-handler.ts';
import { offersAt, type ServedCall } from './run-task.ts';
import { servedCard, type ServedCardFields } from './served-card.ts';
import { ServedTasks, type ServedTasksOptions } from './served-tasks.ts';

/** Endpoints as agents. */
export interface AgentServer {
  /** The card of an endpoint, as its caller may see it. */
  card(call: ServedCall, fields: ServedCardFields): Promise<Readonly<Record<string, unknown>>>;
  /** Serves one JSON-RPC request; events, where it asks for a stream. Errors are answers, too. */
  serve(call: ServedCall, request: JsonText): Promise<Response>;
  /** Cancels what is not over. */
  close(): void;
}

/**
 * Makes the server. Its tasks are in memory: each belongs to its caller at its endpoint, and is gone with the process.
 *
 * @example
 * const agents = createAgentServer();
 * const response = await agents.serve({ place: serverId, endpoint, caller }, JsonText.parse(body));
 */
export function createAgentServer(options: ServedTasksOptions = {}): AgentServer {
  const tasks = new ServedTasks(options);
  const handler = createRequestHandler(tasks);
  const modern = new JsonRpcTransportHandler(handler);
  const legacy = new LegacyJsonRpcTransportHandler(handler);

  return {
    card: async (call, fields) => servedCard(fields, await offersAt(call)),
    async serve(call, request) {
      const transport = isV1JsonRpcMethod(request.member('method')?.value) ? modern : legacy;
      const answer = await transport.handle(request.text, contextOf(call));
      return Symbol.asyncIterator in answer ? streamOf(answer) : Response.json(answer);
    },
    close: () => tasks.close(),
  };
}

function contextOf(call: ServedCall): ServerCallContext {
  const userName = JSON.stringify([call.place, call.caller.id]);
  return new ServerCallContext({ user: { isAuthenticated: true, userName }, state: new Map([[CALL, call]]) });
}

/** Events; an error before the first one is a plain answer. */
async function streamOf(events: AsyncGenerator<object, void, undefined>): Promise<Response> {
  const first = await events.next();
  if (first.done === true || 'error' in first.value) return Response.json(first.value ?? null);
  let next: IteratorResult<object, void> | undefined = first;
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      const { done, value } = next ?? (await events.next());
      next = undefined;
      if (done === true || value === undefined) stream.close();
      else stream.enqueue(encoder.encode(encodeEvent({ data: JSON.stringify(value) })));
    },
    async cancel() {
      await events.return();
    },
  });
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };
  return new Response(body, { headers });
}
