/** @module MCP requests as bytes on the wire, made once; only the id changes. */
import { LATEST_LEGACY, LATEST_MODERN, META } from '@forge/protocol';
import type { Era } from '../cells.ts';
import type { Call, Endpoint } from './job.ts';

/** Every id has ten digits, so that `Content-Length` never changes. */
export const FIRST_ID = 1_000_000_000;

/** Who the load generator says it is. */
const CLIENT_INFO = { name: 'forge-benchmark', version: '1.0.0' };

/** A request around its id. */
export interface Template {
  readonly before: string;
  readonly after: string;
}

/** The headers of one call, names as the specification spells them. */
export function mcpHeaders(era: Era, call?: Call): Record<string, string> {
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    Accept: 'application/json, text/event-stream',
  };
  if (call?.method !== 'initialize') headers['MCP-Protocol-Version'] = era === 'modern' ? LATEST_MODERN : LATEST_LEGACY;
  if (era === 'legacy' || call === undefined) return headers;
  headers['Mcp-Method'] = call.method;
  if (typeof call.params['name'] === 'string') headers['Mcp-Name'] = call.params['name'];
  return headers;
}

/** The params of one call, in the modern era with its envelope. */
export function mcpParams(era: Era, { params }: Call): Readonly<Record<string, unknown>> {
  if (era === 'legacy') return params;
  const envelope = {
    [META.protocolVersion]: LATEST_MODERN,
    [META.clientCapabilities]: {},
    [META.clientInfo]: CLIENT_INFO,
  };
  return { ...params, _meta: envelope };
}

/** The bytes of a call around its id. */
export function requestTemplate(endpoint: Endpoint, call: Call, session: string | undefined): Template {
  const { era } = endpoint;
  const { before, after } = messageTemplate(era, call);
  const length = before.length + String(FIRST_ID).length + Buffer.byteLength(after);
  const head = httpHead('POST', endpoint, {
    ...mcpHeaders(era, call),
    ...sessionHeader(session),
    'Content-Length': `${length}`,
  });
  return { before: head + before, after };
}

/** A call as a line, around its id. */
export function lineTemplate(era: Era, call: Call): Template {
  const { before, after } = messageTemplate(era, call);
  return { before, after: `${after}\n` };
}

function messageTemplate(era: Era, call: Call): Template {
  const rest = JSON.stringify({ method: call.method, params: mcpParams(era, call) });
  return { before: '{"jsonrpc":"2.0","id":', after: `,${rest.slice(1)}` };
}

const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized"}';

/** `notifications/initialized` as a line. */
export const INITIALIZED_LINE = `${INITIALIZED}\n`;

/** The bytes of `notifications/initialized`. */
export function initializedRequest(endpoint: Endpoint, session: string | undefined): string {
  const headers = { ...mcpHeaders('legacy'), ...sessionHeader(session), 'Content-Length': `${INITIALIZED.length}` };
  return httpHead('POST', endpoint, headers) + INITIALIZED;
}

/** The bytes that end a session. */
export function deleteRequest(endpoint: Endpoint, session: string): string {
  return httpHead('DELETE', endpoint, { 'MCP-Protocol-Version': LATEST_LEGACY, ...sessionHeader(session) });
}

/** The bytes that ask for the standing stream of a session. */
export function streamRequest(endpoint: Endpoint, session: string): string {
  const headers = { Accept: 'text/event-stream', 'MCP-Protocol-Version': LATEST_LEGACY, ...sessionHeader(session) };
  return httpHead('GET', endpoint, headers);
}

/** What a legacy client says first. */
export const INITIALIZE: Call = {
  method: 'initialize',
  params: { protocolVersion: LATEST_LEGACY, capabilities: {}, clientInfo: CLIENT_INFO },
};

/** What a modern client may say first. */
export const DISCOVER: Call = { method: 'server/discover', params: {} };

function sessionHeader(session: string | undefined): Record<string, string> {
  return session === undefined ? {} : { 'Mcp-Session-Id': session };
}

function httpHead(method: string, endpoint: Endpoint, headers: Readonly<Record<string, string>>): string {
  const { host, pathname } = new URL(endpoint.url);
  const lines = Object.entries({ Host: host, ...endpoint.headers, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
