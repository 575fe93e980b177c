/** @module Which paths speak MCP. Everything else is the REST API's. */

/** A path that speaks MCP. */
export interface McpPath {
  readonly kind: 'mcp' | 'sse' | 'message' | 'ws';
  /** The virtual server; `undefined` for the aggregate of everything. */
  readonly serverId: string | undefined;
}

const PATTERN = /^(?:\/v1)?(?:\/servers\/([^/?#]+))?\/(mcp|sse|message|ws)\/?(?=[?#]|$)/;

/**
 * `/mcp`, `/sse`, `/message`, `/ws`, each also under `/servers/{id}` and all of them under `/v1`; a slash at the end and a query do
 * not count.
 */
export function parseMcpPath(url: string): McpPath | undefined {
  const found = PATTERN.exec(url);
  if (found === null) return undefined;
  const [, id, kind] = found;
  return { kind: kind as McpPath['kind'], serverId: id === undefined ? undefined : decoded(id) };
}

function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // malformed escapes name no server
  }
}
