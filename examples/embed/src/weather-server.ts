/** @module An MCP server to stand behind Forge: one tool, made with the official SDK. */
import { createServer, type Server } from 'node:http';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

function weather(): McpServer {
  const server = new McpServer({ name: 'weather', version: '1.0.0' });
  server.registerTool(
    'forecast',
    { description: 'Says what the weather will be.', inputSchema: z.object({ city: z.string() }) },
    ({ city }) => ({ content: [{ type: 'text', text: `Sunny in ${city}` }] }),
  );
  return server;
}

/** Serves it on a free port of this machine; resolves with its URL and the way to stop it. */
export async function startWeatherServer(): Promise<{ url: string; server: Server }> {
  const handle = toNodeHandler(createMcpHandler(weather));
  const server = createServer((req, res) => void handle(req, res));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}/mcp`, server };
}
