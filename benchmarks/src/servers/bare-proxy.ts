/**
 * @module The bar: the least that a proxy can do and still be one. It parses a request, takes the prefix off the tool's
 * name, gives it an id of its own, forwards it, parses the answer and restores the id. No checks, no policy, one upstream.
 * `node bare-proxy.js UPSTREAM-URL`
 */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { Pool } from 'undici';
import { listen, readBody } from './http.ts';

/** What stands before every tool's name. */
const PREFIX = 'bench-';

interface Message {
  id?: unknown;
  params?: { name?: string };
}

const { origin, pathname } = new URL(process.argv[2] ?? '');
const pool = new Pool(origin);
let lastId = 0;

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  readBody(request, (text) => {
    forward(text, request.headers, response).catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      response.writeHead(502).end();
    });
  });
});
listen(server);

async function forward(text: string, headers: IncomingHttpHeaders, response: ServerResponse): Promise<void> {
  const message = JSON.parse(text) as Message;
  const { id, params } = message;
  if (params?.name?.startsWith(PREFIX) === true) params.name = params.name.slice(PREFIX.length);
  if (id !== undefined) message.id = ++lastId;
  const answer = await pool.request({
    method: 'POST',
    path: pathname,
    headers: upstreamHeaders(headers, params?.name),
    body: JSON.stringify(message),
  });
  const body = await answer.body.text();
  if (body === '') {
    response.writeHead(answer.statusCode).end();
    return;
  }
  const reply = JSON.parse(body) as Message;
  reply.id = id;
  const out = JSON.stringify(reply);
  response.writeHead(answer.statusCode, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(out),
  });
  response.end(out);
}

function upstreamHeaders(headers: IncomingHttpHeaders, name: string | undefined): Record<string, string> {
  const own: Record<string, string> = { 'content-type': 'application/json', accept: headers.accept ?? '*/*' };
  for (const header of ['mcp-protocol-version', 'mcp-method']) {
    const value = headers[header];
    if (typeof value === 'string') own[header] = value;
  }
  if (name !== undefined && headers['mcp-name'] !== undefined) own['mcp-name'] = name;
  return own;
}
