/**
 * @module The upstream of the cases `rest` and `a2a`: `node:http` that reads a request and answers with prebuilt bytes; at
 * `/a2a` after the id that the request has. `node rest-server.js`
 */
import { createServer, type ServerResponse } from 'node:http';
import { RESULT_SIZES } from '../cells.ts';
import { toolName } from './fixture.ts';
import { listen, readBody } from './http.ts';
import { AGENT_PATH, agentReply, restPath, restReply } from './rest-fixture.ts';

interface Asked {
  readonly id: number | string;
  readonly params: { readonly message: { readonly metadata: { readonly skillId: string } } };
}

const endpoints = new Map(RESULT_SIZES.map((size) => [restPath(size), restReply(size)]));
const skills = new Map(RESULT_SIZES.map((size) => [toolName(size), agentReply(size)]));

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  readBody(request, (text) => {
    const path = request.url ?? '/';
    if (request.method !== 'POST') send(response, 405, '{}');
    else if (path === AGENT_PATH) askAgent(JSON.parse(text) as Asked, response);
    else send(response, endpoints.has(path) ? 200 : 404, endpoints.get(path) ?? '{}');
  });
});
listen(server);

function askAgent({ id, params }: Asked, response: ServerResponse): void {
  const reply = skills.get(params.message.metadata.skillId);
  const said = reply === undefined ? '"error":{"code":-32602,"message":"Unknown skill"}' : `"result":${reply}`;
  send(response, 200, `{"jsonrpc":"2.0","id":${JSON.stringify(id)},${said}}`);
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
  response.end(text);
}
