/** @module As much of an MCP client as setting up a measurement takes. */
import { type Call, type Endpoint } from '../load/job.ts';
import { INITIALIZE, mcpHeaders, mcpParams } from '../load/request.ts';

/** One page of `tools/list`. */
export interface ToolsPage {
  /** What was asked for; empty for the first page. */
  readonly cursor: string;
  /** JSON text of the result. */
  readonly result: string;
  readonly names: readonly string[];
}

interface ToolsResult {
  readonly tools: readonly { readonly name: string }[];
  readonly nextCursor?: string;
}

/** More than any sensible page size makes of the tools here. */
const MAX_PAGES = 1000;

/** Reads all pages of `tools/list`, as `endpoint.era` does it. */
export async function readTools(endpoint: Endpoint): Promise<readonly ToolsPage[]> {
  const session = endpoint.era === 'legacy' ? await openSession(endpoint) : {};
  const pages: ToolsPage[] = [];
  let cursor: string | undefined = '';
  while (cursor !== undefined && pages.length < MAX_PAGES) {
    const { result } = await send(endpoint, listCall(cursor), session);
    const { tools, nextCursor } = result as ToolsResult;
    pages.push({ cursor, result: JSON.stringify(result), names: tools.map(({ name }) => name) });
    cursor = nextCursor;
  }
  return pages;
}

/** The call for the page that begins at `cursor`. */
export function listCall(cursor: string): Call {
  return { method: 'tools/list', params: cursor === '' ? {} : { cursor } };
}

async function openSession(endpoint: Endpoint): Promise<Record<string, string>> {
  const { headers } = await send(endpoint, INITIALIZE, {});
  const id = headers.get('mcp-session-id');
  const session: Record<string, string> = id === null ? {} : { 'Mcp-Session-Id': id };
  await fetch(endpoint.url, {
    method: 'POST',
    headers: { ...endpoint.headers, ...mcpHeaders('legacy'), ...session },
    body: '{"jsonrpc":"2.0","method":"notifications/initialized"}',
  });
  return session;
}

async function send(endpoint: Endpoint, call: Call, session: Record<string, string>) {
  const { era, url, headers } = endpoint;
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, ...mcpHeaders(era, call), ...session },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: call.method, params: mcpParams(era, call) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true;
  const message = isJson ? (JSON.parse(text) as { result?: unknown }) : {};
  if (message.result === undefined) throw new Error(`${call.method}: ${response.status} ${text.slice(0, 500)}`);
  return { result: message.result, headers: response.headers };
}
