/** @module The serving side alone, for programs that start fast: undici is not loaded. */
export { createCors } from './server/cors.ts';
export { createMcpListener, type McpListener, type McpListenerOptions } from './server/mcp-listener.ts';
export { createSseListener, type SseListener, type SseListenerOptions } from './server/sse-listener.ts';
export { createOriginCheck, type OriginRules } from './server/origin.ts';
