/** @module What serves A2A: JSON-RPC of 1.0 and of 0.3, by the official SDK, over tasks of our own. */
import { isV1JsonRpcMethod } from '@a2a-js/sdk/compat/v0_3';
import { LegacyJsonRpcTransportHandler } from '@a2a-js/sdk/compat/v0_3/server';
import { JsonRpcTransportHandler, ServerCallContext } from '@a2a-js/sdk/server';
import { encodeEvent } from '@forge/protocol';
import type { AgentServer } from './agent-server.ts';
import { CALL, createRequestHandler } from './request-handler.ts';
import { offersAt, type ServedCall } from './run-task.ts';
import { servedCard } from './served-card.ts';
import { ServedTasks, type ServedTasksOptions } from './served-tasks.ts';

/** Makes what {@link AgentServer} is made of. */
export function createA2aServer(options: ServedTasksOptions): AgentServer {
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
