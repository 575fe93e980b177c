/**
 * @module The bar for `translate`: the least that puts a stdio server on HTTP. It parses a request, gives it an id of its
 * own, writes it to the one child, parses the child's answer and restores the id. No checks, no sessions, no streams.
 * `node bare-bridge.js COMMAND [ARG...]`
 */
import { spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import { readLines } from '../lines.ts';
import { listen, readBody } from './http.ts';

interface Message {
  id?: unknown;
}

interface Waiting {
  readonly id: unknown;
  readonly response: ServerResponse;
}

const [command = '', ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
child.once('exit', () => process.exit(1));
process.on('exit', () => child.kill());

/** By their ids towards the child, which are used again: a map's table would be rebuilt all the time. */
const waiting: (Waiting | undefined)[] = [];
const free: number[] = [];

readLines(child.stdout, (line) => {
  const answer = JSON.parse(line.toString()) as Message;
  const slot = Number(answer.id);
  const request = waiting[slot];
  if (request === undefined) return;
  waiting[slot] = undefined;
  free.push(slot);
  answer.id = request.id;
  const body = JSON.stringify(answer);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  request.response.writeHead(200, headers).end(body);
});

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(405).end();
    return;
  }
  readBody(request, (text) => {
    const message = JSON.parse(text) as Message;
    if (message.id === undefined) {
      response.writeHead(202).end();
    } else {
      const slot = free.pop() ?? waiting.length;
      waiting[slot] = { id: message.id, response };
      message.id = slot;
    }
    child.stdin.write(`${JSON.stringify(message)}\n`);
  });
});
listen(server);
