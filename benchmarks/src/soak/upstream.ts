/**
 * @module What the gateway under test stands in front of: `node upstream.js modern|legacy`. `echo_1k` answers at once,
 * `wait` never does; GET says how many calls of it wait, and how many were cancelled.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { Era } from '../cells.ts';
import { answerTo, toolName, toolResults } from '../servers/fixture.ts';
import { listen, readBody } from '../servers/http.ts';

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly requestId?: number };
}

const era: Era = process.argv[2] === 'legacy' ? 'legacy' : 'modern';
const echoed = toolResults(era).get(toolName('1k')) ?? '';
const tools = [toolName('1k'), 'wait'].map((name) => ({ name, inputSchema: { type: 'object' } }));
const listed = { ...(era === 'modern' && { resultType: 'complete', ttlMs: 3_600_000, cacheScope: 'public' }), tools };
/** Calls of `wait`, by the gateway's id. */
const waiting = new Map<number, ServerResponse>();
let cancelled = 0;

listen(
  createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
    if (request.method === 'GET' && request.headers.accept !== 'text/event-stream')
      response.end(JSON.stringify({ waiting: waiting.size, cancelled }));
    else if (request.method === 'POST') readBody(request, (text) => receive(JSON.parse(text) as Message, response));
    else response.writeHead(request.method === 'DELETE' ? 204 : 405).end();
  }),
);

function receive({ id, method, params }: Message, response: ServerResponse): void {
  if (id === undefined) {
    if (method === 'notifications/cancelled') cancel(params?.requestId);
    response.writeHead(202).end();
  } else if (method === 'tools/call' && params?.name === 'wait') {
    waiting.set(id, response);
    // In the modern era closing the connection cancels, in the legacy era only a message does.
    if (era === 'modern') response.once('close', () => cancel(id));
  } else {
    const result = resultOf(method);
    const answer = result === undefined ? '"error":{"code":-32601,"message":"Method not found"}' : `"result":${result}`;
    if (method === 'initialize') response.setHeader('mcp-session-id', randomUUID());
    response.writeHead(result === undefined ? 400 : 200, { 'content-type': 'application/json' });
    response.end(`{"jsonrpc":"2.0","id":${id},${answer}}`);
  }
}

function resultOf(method: string): string | undefined {
  if (method === 'tools/call') return echoed;
  return method === 'tools/list' ? JSON.stringify(listed) : answerTo(era, method, '/');
}

function cancel(id: number | undefined): void {
  if (id === undefined || !waiting.delete(id)) return;
  cancelled += 1;
}
