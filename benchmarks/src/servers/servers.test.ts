import { once } from 'node:events';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { RESULT_BYTES, RESULT_SIZES } from '../cells.ts';
import { launch, type Launched } from '../launch.ts';
import { AGENT_PATH, agentCall, ARGUMENTS, openApiDocument, OPERATIONS, restPath } from './rest-fixture.ts';

const running: Launched[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
});

/** Runs one of the scripts here and waits until it says where it listens. */
async function start(script: string, ...args: readonly string[]): Promise<URL> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const launched = launch(process.execPath, [path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] }, { withinMs: 5000 });
  running.push(launched);
  const { stdout, stderr } = launched.process;
  return new Promise((resolve, reject) => {
    let said = '';
    for (const stream of [stdout, stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
        if (origin !== undefined) resolve(new URL(origin));
      });
    }
    void launched.ended.then(() => reject(new Error(said)));
  });
}

it('the bare bridge gives each of two clients with the same id its own answer', async () => {
  const late = `
    const held = [];
    require('node:readline').createInterface(process.stdin).on('line', (line) => {
      const { id, method } = JSON.parse(line);
      held.unshift(JSON.stringify({ jsonrpc: '2.0', id, result: { method } }) + '\\n');
      if (held.length === 2) process.stdout.write(held.join(''));
    });`;
  const origin = await start('bare-bridge.ts', process.execPath, '-e', late);
  const ask = async (method: string) => {
    const response = await fetch(origin, { method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 7, method }) });
    return response.json();
  };
  const answer = (method: string) => ({ jsonrpc: '2.0', id: 7, result: { method } });
  expect(await Promise.all([ask('a'), ask('b')])).toEqual([answer('a'), answer('b')]);
});

it('the REST server has an endpoint for each size, and an agent that answers with the id it was asked with', async () => {
  const origin = await start('rest-server.ts');
  const post = async (path: string, body: string): Promise<[number, string]> => {
    const response = await fetch(new URL(path, origin), { method: 'POST', body });
    return [response.status, await response.text()];
  };
  for (const size of RESULT_SIZES) {
    const [status, text] = await post(restPath(size), JSON.stringify(ARGUMENTS));
    expect(status).toBe(200);
    expect(text).toHaveLength(RESULT_BYTES[size]);
    expect(JSON.parse(text)).toMatchObject({ text: expect.stringContaining('"quick" brown') as string });
  }
  const call = JSON.parse(agentCall('1k')) as object;
  const [, answer] = await post(AGENT_PATH, JSON.stringify({ ...call, id: 'mine' }));
  const { id, result } = JSON.parse(answer) as { id: string; result: object };
  expect(id).toBe('mine');
  expect(JSON.stringify(result)).toHaveLength(RESULT_BYTES['1k']);
  expect(result).toMatchObject({ message: { role: 'ROLE_AGENT', parts: [{ text: expect.any(String) as string }] } });
  expect((await post('/nothing', '{}'))[0]).toBe(404);
});

it('the OpenAPI document has as many operations as it says, each with an id of its own', () => {
  const { paths } = openApiDocument('http://127.0.0.1:1') as { paths: Record<string, Record<string, Operation>> };
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  expect(operations).toHaveLength(OPERATIONS);
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(OPERATIONS);
});

interface Operation {
  readonly operationId: string;
}

it('a program that would listen on every address is reached on the loopback address alone', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const fixture = fileURLToPath(new URL('everywhere.fixture.ts', import.meta.url));
  const origin = await start('on-loopback.ts', fixture, String(port));
  taken.close();
  expect(await (await fetch(origin)).json()).toEqual({ asked: String(port), address: '127.0.0.1', listening: true });
});
