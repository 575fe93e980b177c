import { fileURLToPath } from 'node:url';
import { type sendUnaryData, Server, ServerCredentials, type ServerUnaryCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { killLaunched, launch } from './launch.fixture.ts';

type Greeting = { readonly text: string };

const far = new Server();
let port: number;

beforeAll(async () => {
  const definition = loadSync(fileURLToPath(new URL('greeter.fixture.proto', import.meta.url)));
  const service = definition['hello.Greeter'];
  if (service === undefined || 'format' in service) throw new Error('no service');
  far.addService(service, {
    Greet({ request, metadata }: ServerUnaryCall<Greeting, Greeting>, answer: sendUnaryData<Greeting>) {
      answer(null, { text: `Hello ${request.text}, by ${String(metadata.get('x-key')[0])}` });
    },
  });
  new ReflectionService(definition).addToServer(far);
  port = await new Promise((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    far.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
});
afterEach(killLaunched);
afterAll(() => far.forceShutdown());

it('puts the methods of gRPC services on HTTP', async () => {
  const grpc = ['--grpc', `127.0.0.1:${port}`, '--grpc-metadata', 'X-Key=${GREETER_KEY}'];
  const env = { ...process.env, GREETER_KEY: 'the key' };
  const { child, exit, saw } = launch([...grpc, '--expose-streamable-http', '--port', '0'], env);
  const client = new Client({ name: 'test', version: '0' }, { versionNegotiation: { mode: 'auto' } });
  await client.connect(new StreamableHTTPClientTransport(new URL(await saw(/^HTTP +(\S+)$/m))));
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
