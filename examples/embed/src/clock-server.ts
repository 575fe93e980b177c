/** @module An MCP server for this process alone: one tool, made with the official SDK. */
import { McpServer } from '@modelcontextprotocol/server';

/** One for each connection. */
export function clock(): McpServer {
  const server = new McpServer({ name: 'clock', version: '1.0.0' });
  server.registerTool('year', { description: 'Says which year it is (UTC).' }, () => ({
    content: [{ type: 'text', text: String(new Date().getUTCFullYear()) }],
  }));
  return server;
}
