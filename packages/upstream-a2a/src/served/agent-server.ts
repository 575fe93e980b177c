/** @module Endpoints of Forge as A2A agents. The official SDK is loaded with the first request. */
import type { JsonText } from '@forge/protocol';
import type { RestRequest } from './rest-request.ts';
import type { ServedCall } from './run-task.ts';
import type { ServedCardFields } from './served-card.ts';
import type { ServedTasksOptions } from './served-tasks.ts';

/** Endpoints as agents. */
export interface AgentServer {
  /** The card of an endpoint, as its caller may see it. */
  card(call: ServedCall, fields: ServedCardFields): Promise<Readonly<Record<string, unknown>>>;
  /**
   * Serves one JSON-RPC request; events, where it asks for a stream. Errors are answers, too.
   *
   * @param version of A2A, where the client says it
   */
  serve(call: ServedCall, request: JsonText, version?: string): Promise<Response>;
  /** The same for the HTTP+JSON binding. */
  rest(call: ServedCall, request: RestRequest, version?: string): Promise<Response>;
  /** Cancels what is not over, unless another process can go on with it; writes what is to be kept. */
  close(): Promise<void>;
}

/**
 * Makes the server. Each of its tasks belongs to its caller at its endpoint, and is gone with the process unless `kept` says
 * where it is kept.
 *
 * @example
 * const agents = createAgentServer();
 * const response = await agents.serve({ place: serverId, endpoint, caller }, JsonText.parse(body));
 */
export function createAgentServer(options: ServedTasksOptions = {}): AgentServer {
  let server: AgentServer | undefined;
  const load = async (): Promise<AgentServer> => {
    const { createA2aServer } = await import('./a2a-server.ts');
    return (server ??= createA2aServer(options));
  };
  const timer = options.kept && setTimeout(() => void goOn(options.kept, load), GO_ON_MS).unref();
  return {
    card: async (call, fields) => (await load()).card(call, fields),
    serve: async (call, request, version) => (await load()).serve(call, request, version),
    rest: async (call, request, version) => (await load()).rest(call, request, version),
    async close() {
      clearTimeout(timer);
      await server?.close();
    },
  };
}

/** After a start; by then the leases of a process that was killed are up. */
const GO_ON_MS = 20_000;

/** Loads what ends tasks of processes that are no more, where there are any. */
async function goOn(kept: ServedTasksOptions['kept'], load: () => Promise<unknown>): Promise<void> {
  try {
    const expired = await kept?.store.expired(Date.now(), 1);
    if (expired?.length === 1) await load();
  } catch (error) {
    kept?.onError?.(error);
  }
}
