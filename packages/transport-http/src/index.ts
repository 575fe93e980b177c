/** @module MCP over HTTP, both directions: Streamable HTTP of both eras and HTTP+SSE. */
export { createCors } from './server/cors.ts';
export { createMcpListener, type McpListener, type McpListenerOptions } from './server/mcp-listener.ts';
export { createSseListener, type SseListener, type SseListenerOptions } from './server/sse-listener.ts';
export { createOriginCheck, type OriginRules } from './server/origin.ts';
export { httpUpstream, type HttpUpstreamOptions } from './client/http-upstream.ts';
export type { CredentialSource, Refused } from './client/credentials.ts';
export type { Connections, ConnectionsFactory } from './client/wire.ts';
