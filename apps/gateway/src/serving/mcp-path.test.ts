import { expect, it } from 'vitest';
import { parseMcpPath } from './mcp-path.ts';

it.each([
  ['/mcp', 'mcp', undefined],
  ['/mcp/', 'mcp', undefined],
  ['/v1/mcp?x=1', 'mcp', undefined],
  ['/sse', 'sse', undefined],
  ['/message?session_id=1', 'message', undefined],
  ['/servers/abc/mcp', 'mcp', 'abc'],
  ['/ws', 'ws', undefined],
  ['/v1/servers/abc/ws/?x=1', 'ws', 'abc'],
  ['/v1/servers/a%2Fb/sse/', 'sse', 'a/b'],
  ['/servers/%ZZ/message?session_id=1', 'message', '%ZZ'],
] as const)('%s speaks MCP', (url, kind, serverId) => {
  expect(parseMcpPath(url)).toEqual({ kind, serverId });
});

it.each([
  '/',
  '/mcps',
  '/wss',
  '/mcp/x',
  '/servers',
  '/servers/a',
  '/servers//mcp',
  '/servers/a/b/mcp',
  '/v2/mcp',
  '/x/mcp',
  '/tools?/mcp',
])('%s does not', (url) => {
  expect(parseMcpPath(url)).toBeUndefined();
});
