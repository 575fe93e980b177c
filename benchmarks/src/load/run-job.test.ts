import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Job } from './job.ts';
import { runJob } from './run-job.ts';

type Message = { id?: number; method: string };
type Handler = (message: Message, request: IncomingMessage, response: ServerResponse) => void;

let close = () => {};
afterEach(() => close());

/** A short job against a real server that answers with `handler`. */
async function jobFor(handler: Handler, era: Job['era'] = 'modern'): Promise<Job> {
  const server = createServer((request, response) => {
    let body = '{"method":"DELETE"}';
    request.once('data', (chunk: Buffer) => (body = chunk.toString()));
    request.on('end', () => handler(JSON.parse(body) as Message, request, response));
  }).listen(0, '127.0.0.1');
  close = () => server.close();
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const calls = [{ method: 'tools/call', params: { name: 'echo' } }];
  const endpoint = { url: `http://127.0.0.1:${port}/mcp`, era, headers: { Authorization: 'Bearer x' } };
  return { ...endpoint, calls, connections: 2, warmupMs: 20, durationMs: 80, minBytes: 10, pid: process.pid };
}

const ok: Handler = ({ id }, _, response) => response.end(JSON.stringify({ id, result: { content: [] } }));

describe('a job', () => {
  it('measures throughput and latency of a server that answers', async () => {
    const { rps, p50Ms, p99Ms } = await runJob(await jobFor(ok));
    expect(rps).toBeGreaterThan(0);
    expect(p50Ms).toBeGreaterThan(0);
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
  });

  it('sends modern requests with envelope, headers and ids of its own', async () => {
    const ids: unknown[] = [];
    let seen: { headers: IncomingMessage['headers']; message: Message } | undefined;
    await runJob(
      await jobFor((message, request, response) => {
        ids.push(message.id);
        seen = { headers: request.headers, message };
        ok(message, request, response);
      }),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(seen).toMatchObject({
      headers: {
        authorization: 'Bearer x',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'echo',
      },
      message: {
        method: 'tools/call',
        params: {
          name: 'echo',
          _meta: {
            'io.modelcontextprotocol/protocolVersion': '2026-07-28',
            'io.modelcontextprotocol/clientCapabilities': {},
            'io.modelcontextprotocol/clientInfo': { name: 'forge-benchmark' },
          },
        },
      },
    });
  });

  it('opens one legacy session per connection and ends it', async () => {
    const open = new Set<unknown>();
    const methods = new Set<string>();
    let sessions = 0;
    const handler: Handler = (message, request, response) => {
      methods.add(message.method);
      const session = request.headers['mcp-session-id'];
      if (message.method === 'initialize') {
        response.setHeader('Mcp-Session-Id', `s${++sessions}`);
        open.add(`s${sessions}`);
      } else if (!open.has(session)) {
        response.writeHead(404).end();
        return;
      }
      if (message.id === undefined) {
        if (request.method === 'DELETE') open.delete(session);
        response.writeHead(request.method === 'DELETE' ? 204 : 202).end();
      } else ok(message, request, response);
    };
    await runJob(await jobFor(handler, 'legacy'));
    expect([...methods]).toEqual(['initialize', 'notifications/initialized', 'tools/call', 'DELETE']);
    expect([sessions, open.size]).toEqual([2, 0]);
  });

  it('takes answers that come as server-sent events', async () => {
    const asEvent: Handler = ({ id }, _, response) =>
      response.end(`id: 1\ndata:\n\nevent: message\ndata: {"id":${id},"result":{"content":[]}}\n\n`);
    await expect(runJob(await jobFor(asEvent))).resolves.toHaveProperty('rps');
  });

  it.each<[string, Handler, string]>([
    ['an HTTP error', (_, __, response) => response.writeHead(503).end(), 'Not the answer that was asked for'],
    ['another id', (_, __, response) => response.end('{"id":1,"result":{}}'), 'is for another request'],
    ['too few bytes', (_, __, response) => response.end('{}'), 'Not the answer that was asked for'],
    ['a JSON-RPC error', ({ id }, __, response) => response.end(`{"id":${id},"error":{}}`), 'Not a result'],
    ['a tool error', ({ id }, __, response) => response.end(`{"id":${id},"result":{"isError":true}}`), 'Not a result'],
    ['nothing', (_, request) => request.socket.destroy(), 'closed a connection'],
  ])('fails when the answer is %s', async (_, handler, message) => {
    await expect(runJob(await jobFor(handler))).rejects.toThrow(message);
  });
});

/** A short job for a program that calls `answer(message)` for what to write. */
function jobForProgram(answer: string, era: Job['era'] = 'modern'): Job {
  const source = `
    const answer = ${answer};
    require('node:readline').createInterface(process.stdin).on('line', (line) => {
      const written = answer(JSON.parse(line));
      if (written !== undefined) process.stdout.write(written);
    });`;
  const program = { era, command: process.execPath, args: ['-e', source], env: {} };
  const calls = [{ method: 'tools/call', params: { name: 'echo' } }];
  return { ...program, calls, connections: 3, warmupMs: 20, durationMs: 80, minBytes: 10 };
}

const LINE = "({ id, method }) => id && JSON.stringify({ id, result: { method } }) + '\\n'";

describe('a job for a program on stdio', () => {
  it.each(['modern', 'legacy'] as const)('measures it in the %s era', async (era) => {
    const { rps, p50Ms, rssMb = 1 } = await runJob(jobForProgram(LINE, era));
    expect(Math.min(rps, p50Ms, rssMb)).toBeGreaterThan(0);
  });

  it('finds ids at the end of messages, and answers in any order', async () => {
    const reversed = `(held => ({ id, method }) => {
      if (id === undefined) return;
      held.unshift(JSON.stringify({ jsonrpc: '2.0', result: { padding: 'x'.repeat(100) }, id }) + '\\n');
      if (method === 'server/discover' || held.length === 3) return held.splice(0).join('');
      clearTimeout(this.late);
      this.late = setTimeout(() => process.stdout.write(held.splice(0).join('')), 20);
    })([])`;
    await expect(runJob(jobForProgram(reversed))).resolves.toHaveProperty('rps');
  });

  it('introduces itself once, as a legacy client does', async () => {
    const strict = `((seen) => ({ id, method }) => {
      seen.push(method);
      const right = ['initialize', 'notifications/initialized', 'tools/call'].every((it, at) => (seen[at] ?? it) === it);
      if (!right || seen.lastIndexOf('initialize') > 0) process.exit(3);
      return id && JSON.stringify({ id, result: {} }) + '\\n';
    })([])`;
    await expect(runJob(jobForProgram(strict, 'legacy'))).resolves.toHaveProperty('rps');
  });

  it.each([
    ['ends', "(console.error('no key'), () => process.exit(1))", /The program ended:\nno key/],
    ['answers with an error', "({ id }) => JSON.stringify({ id, error: {} }) + '\\n'", /Not a result/],
    ['writes something else', "() => 'ready\\n'", /Not an answer that was asked for: ready/],
  ])('fails when it %s', async (_, answer, message) => {
    await expect(runJob(jobForProgram(answer))).rejects.toThrow(message);
  });
});
