/**
 * @module The floor: a `node:http` server that parses a request and answers with prebuilt bytes. It is baseline (a), and
 * the upstream of every proxy. `node raw-responder.js modern|legacy [PAGES]`; PAGES is a file with `[cursor, result]` pairs
 * to answer `tools/list` with.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { Era } from '../cells.ts';
import { answerTo, toolResults } from './fixture.ts';
import { listen, readBody } from './http.ts';

/** Below this, one string and one write are cheaper than two writes; above, a copy costs more. */
const COPY_BELOW = 32 * 1024;

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly cursor?: string };
}

const era: Era = process.argv[2] === 'legacy' ? 'legacy' : 'modern';
const pagesFile = process.argv[3];
const results = prebuilt(toolResults(era));
const pages =
  pagesFile === undefined ? undefined : prebuilt(JSON.parse(readFileSync(pagesFile, 'utf8')) as [string, string][]);

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(request.method === 'DELETE' ? 204 : 405).end();
    return;
  }
  readBody(request, (text) => {
    const message = JSON.parse(text) as Message;
    if (message.id === undefined) response.writeHead(202).end();
    else answer(message, request.url ?? '/', response);
  });
});
listen(server);

function answer({ id, method, params }: Message, path: string, response: ServerResponse): void {
  const opening = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},`;
  const ready =
    method === 'tools/call'
      ? results.get(params?.name ?? '')
      : method === 'tools/list'
        ? pages?.get(params?.cursor ?? '')
        : undefined;
  if (ready !== undefined) return send(response, 200, opening, ready);
  const result = answerTo(era, method, path);
  if (result === undefined)
    return send(response, 400, opening, '"error":{"code":-32601,"message":"Method not found"}}');
  if (method === 'initialize') response.setHeader('mcp-session-id', randomUUID());
  send(response, 200, opening, `"result":${result}}`);
}

function send(response: ServerResponse, status: number, opening: string, rest: string | Buffer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': opening.length + rest.length,
  });
  if (typeof rest === 'string') {
    response.end(opening + rest);
  } else {
    response.write(opening);
    response.end(rest);
  }
}

function prebuilt(entries: Iterable<readonly [string, string]>): ReadonlyMap<string, string | Buffer> {
  const texts = [...entries].map(([key, result]) => [key, `"result":${result}}`] as const);
  return new Map(texts.map(([key, text]) => [key, text.length < COPY_BELOW ? text : Buffer.from(text, 'latin1')]));
}
