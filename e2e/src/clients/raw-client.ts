/** @module Clients of one's own hand, for tests that care about every character, header and status. */
import { type HttpAnswer, send } from '../harness/net.ts';
import type { Connect } from './connect.ts';

/** What was answered, as texts. */
export interface RawAnswer extends HttpAnswer {
  /** Every JSON-RPC message of the answer, in order; the response is the last one. */
  readonly messages: readonly string[];
}

/** Sends requests as texts. */
export interface RawClient {
  /** @param params JSON text of an object with at least one member; `_meta` is put in front of it by the modern client */
  request(method: string, params: string, name?: string): Promise<RawAnswer>;
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const ENVELOPE =
  '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}';

/** Headers of a modern request. */
export function modernHeaders(method: string, name?: string): Record<string, string> {
  const headers = { ...JSON_HEADERS, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
  return name === undefined ? headers : { ...headers, 'mcp-name': name };
}

/** A modern request's body. */
export function modernBody(id: string, method: string, params = '{}'): string {
  const rest = params === '{}' ? '}' : `,${params.slice(1)}`;
  return `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${ENVELOPE}${rest}}`;
}

/** A client of 2026-07-28. */
export function rawModern({ url, token, headers }: Connect<never>): RawClient {
  let id = 0;
  return {
    async request(method, params, name) {
      id += 1;
      const all = { ...modernHeaders(method, name), authorization: `Bearer ${token}`, ...headers };
      return read(await send(url, { headers: all, body: modernBody(String(id), method, params) }));
    },
  };
}

/** A client of 2025-11-25, and its session's id. */
export async function rawLegacy({
  url,
  token,
  headers,
}: Connect<object>): Promise<RawClient & { readonly sessionId: string }> {
  const all: Record<string, string> = { ...JSON_HEADERS, authorization: `Bearer ${token}`, ...headers };
  const post = async (body: string) => read(await send(url, { headers: all, body }));
  const opened = await post(
    '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}',
  );
  const sessionId = String(opened.headers['mcp-session-id']);
  all['mcp-session-id'] = sessionId;
  all['mcp-protocol-version'] = '2025-11-25';
  await post('{"jsonrpc":"2.0","method":"notifications/initialized"}');
  let id = 0;
  return {
    sessionId,
    request: (method, params) => post(`{"jsonrpc":"2.0","id":${(id += 1)},"method":"${method}","params":${params}}`),
  };
}

function read(answer: HttpAnswer): RawAnswer {
  const isStream = answer.headers['content-type']?.startsWith('text/event-stream') === true;
  const messages = isStream
    ? [...answer.text.matchAll(/^data: ?(\{.*)$/gm)].map(([, data = '']) => data)
    : [answer.text];
  return { ...answer, messages };
}
