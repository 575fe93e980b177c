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
  const opening = '{"jsonrpc":"2.0","id":';
  const rest = `,${JSON.stringify({ method: call.method, params: mcpParams(era, call) }).slice(1)}`;
  const length = opening.length + String(FIRST_ID).length + Buffer.byteLength(rest);
  const head = httpHead('POST', endpoint, {
    ...mcpHeaders(era, call),
    ...sessionHeader(session),
    'Content-Length': `${length}`,
  });
  return { before: head + opening, after: rest };
}

/** The bytes of `notifications/initialized`. */
export function initializedRequest(endpoint: Endpoint, session: string | undefined): string {
  const body = '{"jsonrpc":"2.0","method":"notifications/initialized"}';
  const headers = { ...mcpHeaders('legacy'), ...sessionHeader(session), 'Content-Length': `${body.length}` };
  return httpHead('POST', endpoint, headers) + body;
}

/** The bytes that end a session. */
export function deleteRequest(endpoint: Endpoint, session: string): string {
  return httpHead('DELETE', endpoint, { 'MCP-Protocol-Version': LATEST_LEGACY, ...sessionHeader(session) });
}

/** What a legacy client says first. */
export const INITIALIZE: Call = {
  method: 'initialize',
  params: { protocolVersion: LATEST_LEGACY, capabilities: {}, clientInfo: CLIENT_INFO },
};

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
