import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { killLaunched, launch } from './launch.fixture.ts';

type Greeting = { readonly text: string };

const PROTO = fileURLToPath(new URL('greeter.fixture.proto', import.meta.url));
const reflecting = new Server();
const silent = new Server();
let port: number;
let silentPort: number;

beforeAll(async () => {
  const definition = loadSync(PROTO);
  const service = definition['hello.Greeter'];
  if (service === undefined || 'format' in service) throw new Error('no service');
  for (const server of [reflecting, silent]) {
    server.addService(service, {
      Greet({ request, metadata }: ServerUnaryCall<Greeting, Greeting>, answer: sendUnaryData<Greeting>) {
        answer(null, { text: `Hello ${request.text}, by ${String(metadata.get('x-key')[0])}` });
      },
    });
  }
  new ReflectionService(definition).addToServer(reflecting);
  [port, silentPort] = await Promise.all([bind(reflecting), bind(silent)]);
});
afterEach(killLaunched);
afterAll(() => {
  for (const server of [reflecting, silent]) server.forceShutdown();
});

function bind(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
}

async function connect(url: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

it('puts the methods of gRPC services on HTTP', async () => {
  const grpc = ['--grpc', `127.0.0.1:${port}`, '--grpc-metadata', 'X-Key=${GREETER_KEY}'];
  const env = { ...process.env, GREETER_KEY: 'the key' };
  const { child, exit, saw } = launch([...grpc, '--expose-streamable-http', '--port', '0'], env);
  const client = await connect(await saw(/^HTTP +(\S+)$/m));
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual(['hello.Greeter.Greet']);
  const { structuredContent } = await client.callTool({ name: 'hello.Greeter.Greet', arguments: { text: 'you' } });
  expect(structuredContent).toEqual({ text: 'Hello you, by the key' });
  child.kill('SIGTERM');
  const { code, stderr } = await exit;
  expect(code).toBe(0);
  expect(stderr).toContain(`Started  grpc://127.0.0.1:${port}`);
  expect(stderr).not.toContain('the key');
  expect(stderr).not.toContain('SSE ');
});

describe('a server without reflection', () => {
  it.each([
    ['--grpc-proto', () => PROTO],
    ['--grpc-descriptors', writeDescriptors],
  ])('is described by %s', async (flag, file) => {
    const { saw } = launch(['--grpc', `127.0.0.1:${silentPort}`, flag, file(), '--port', '0']);
    const client = await connect(await saw(/^HTTP +(\S+)$/m));
    const { structuredContent } = await client.callTool({ name: 'hello.Greeter.Greet', arguments: { text: 'you' } });
    expect(structuredContent).toEqual({ text: 'Hello you, by undefined' });
  });

  it('is said to need it', async () => {
    const { code, stderr } = await launch(['--grpc', `127.0.0.1:${silentPort}`, '--port', '0']).exit;
    expect(code).toBe(1);
    expect(stderr).toContain('no reflection; give its descriptors as --grpc-descriptors or --grpc-proto');
  });

  it('is not described by what is no .proto', async () => {
    const args = ['--grpc', `127.0.0.1:${silentPort}`, '--grpc-proto', fileURLToPath(import.meta.url), '--port', '0'];
    const { code, stderr } = await launch(args).exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(/--grpc-proto: .*grpc\.test\.ts, line \d+/);
  });
});

/** A descriptor set as protoc writes it. */
function writeDescriptors(): string {
  const folder = mkdtempSync(join(tmpdir(), 'forge-descriptors-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { fileDescriptorProtos: files } = loadSync(PROTO)['hello.Greeting'] as { fileDescriptorProtos: Buffer[] };
  const set = files.map((file) => Buffer.concat([Buffer.of(0x0a, (file.length & 127) | 128, file.length >> 7), file]));
  writeFileSync(join(folder, 'set.binpb'), Buffer.concat(set));
  return join(folder, 'set.binpb');
}
