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
  let server: AgentServer | undefined;
  const load = async (): Promise<AgentServer> => {
    const { createA2aServer } = await import('./a2a-server.ts');
    return (server ??= createA2aServer(options));
  };
  return {
    card: async (call, fields) => (await load()).card(call, fields),
    serve: async (call, request, version) => (await load()).serve(call, request, version),
    rest: async (call, request, version) => (await load()).rest(call, request, version),
    close: () => server?.close(),
  };
}
