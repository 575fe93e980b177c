/** @module `POST /rpc`: one JSON-RPC request over plain HTTP, as ContextForge serves it. */
import { ForgeError } from '@forge/core';
import { JsonText, toRpcError } from '@forge/protocol';
import { callRpc } from '../contract/system.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { jsonResponse } from './rpc-call.ts';

/** Methods that the protocol has or may have: no tool's name takes them over. */
const STANDARD =
  /^(initialize|ping|(tools|prompts|resources|completion|logging|roots|sampling|elicitation|notifications|server|subscriptions|tasks)\/.*)$/;

/** Serves JSON-RPC. */
export function rpcRoutes(callbacks: ApiCallbacks): Route[] {
  return [
    route(callRpc, async (request) => {
      let id: JsonText | undefined;
      try {
        const message = readMessage(await request.json());
        id = message.member('id');
        const { serverId, scoped } = scope(message, request);
        const { principal, upstreamAuthorization, signal } = request;
        const call = toMethod(scoped, (name) => callbacks.hasTool(principal, serverId, name));
        const response = await callbacks.rpc(principal, serverId, call, { upstreamAuthorization, signal });
        return response ? jsonResponse(response, statusOf(response)) : new Response(null, { status: 202 });
      } catch (thrown) {
        const error = ForgeError.from(thrown);
        if (error.code === 'payload_too_large' || error.code === 'unsupported_media_type') throw error;
        return errorMessage(error, id);
      }
    }),
  ];
}

/** @throws ForgeError `invalid_request` unless it is one request or notification */
function readMessage(message: JsonText): JsonText {
  const { jsonrpc, id, method, params } = (message.isObject ? message.value : {}) as Record<string, unknown>;
  const isId = id === undefined || typeof id === 'string' || Number.isInteger(id);
  const isParams = params === undefined || (typeof params === 'object' && params !== null && !Array.isArray(params));
  if (jsonrpc === '2.0' && typeof method === 'string' && method !== '' && isId && isParams) return message;
  throw new ForgeError('invalid_request', 'The body must be one JSON-RPC 2.0 request; arrays of them are not taken');
}

/** Takes `params.server_id` out. A credential for one server is always scoped to it. */
function scope(message: JsonText, { principal }: ApiRequest): { serverId: string | undefined; scoped: JsonText } {
  const params = message.member('params');
  const named = (params?.member('server_id') ?? params?.member('serverId'))?.value ?? undefined;
  if (named !== undefined && typeof named !== 'string') {
    throw new ForgeError('invalid_params', 'params.server_id must be a text');
  }
  if (principal.serverId !== undefined && named !== undefined && named !== principal.serverId) {
    throw new ForgeError('forbidden', 'This credential does not open that virtual server');
  }
  const rest = params?.with({ server_id: undefined, serverId: undefined });
  const scoped = named === undefined || !rest ? message : message.with({ params: rest.text });
  return { serverId: principal.serverId ?? named, scoped };
}

/** The message with a method of the protocol: a tool's name becomes `tools/call`. */
function toMethod(message: JsonText, isTool: (name: string) => boolean): JsonText {
  const method = message.member('method')?.value as string;
  if (method === 'list_tools') return message.with({ method: '"tools/list"' });
  if (STANDARD.test(method) || !isTool(method)) return message;
  const params = new JsonText('{}').with({
    name: JSON.stringify(method),
    arguments: message.member('params')?.text ?? '{}',
  });
  return message.with({ method: '"tools/call"', params: params.text });
}

function statusOf(response: JsonText): number {
  const code = response.member('error')?.member('code')?.value;
  return code === -32700 || code === -32600 ? 400 : 200;
}

function errorMessage(error: ForgeError, id: JsonText | undefined): Response {
  const { code, message, data } = toRpcError(error);
  const fields = { code: String(code), message: JSON.stringify(message), data: data?.text };
  const body = new JsonText('{"jsonrpc":"2.0"}').with({
    id: id?.text ?? 'null',
    error: new JsonText('{}').with(fields).text,
  });
  return jsonResponse(body, error.meaning.httpStatus);
}
