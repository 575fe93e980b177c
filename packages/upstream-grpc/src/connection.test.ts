import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadProto, type ServerOptions, startServer, type TestServer } from './fixtures/server.fixture.ts';
import { text } from './fixtures/tools.fixture.ts';
import { callTool, connectTo, listTools } from './fixtures/upstream.fixture.ts';

async function start(options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer(options);
  onTestFinished(() => server.stop().catch(() => {})); // a test may have stopped it
  return server;
}

describe('descriptors', () => {
  it('are asked for by reflection v1', async () => {
    const { upstream } = connectTo((await start()).port);
    const { reason, transport } = await upstream.connect();
    expect(reason).toBe('gRPC: 11 methods of 2 services, by server reflection v1');
    expect(transport).toBe('grpc');
  });

  it('are asked for by reflection v1alpha where there is no v1', async () => {
    const { upstream } = connectTo((await start({ reflection: 'v1alpha' })).port);
    expect((await upstream.connect()).reason).toContain('by server reflection v1alpha');
    expect((await callTool(upstream, 'suite.Suite.echo', { text: 'old' })).text).toBe('{"text":"old"}');
  });

  it('have to be given where the server has no reflection', async () => {
    const { port } = await start({ reflection: 'none' });
    await expect(connectTo(port).upstream.connect()).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining('config.protoFiles') as string,
    });
    const { upstream } = connectTo(port, { protoFiles: { 'suite.proto': text('suite.proto') } });
    expect((await callTool(upstream, 'suite.Suite.echo', { text: 'told' })).text).toBe('{"text":"told"}');
  });

  it('are of the services that are wanted', async () => {
    const { upstream } = connectTo((await start()).port, { services: ['suite.Streams'] });
    expect(await listTools(upstream)).toHaveLength(6);
    const { upstream: none } = connectTo((await start()).port, { services: ['suite.Nothing'] });
    await expect(none.connect()).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringMatching(
        /^config\.services: has none of what there is\. The server serves .*suite\.Suite/,
      ) as string,
    });
  });
});

describe('a server that was started again', () => {
  it('with other descriptors changes the list of tools', async () => {
    const server = await start();
    const { upstream, told } = connectTo(server.port);
    expect(await listTools(upstream)).toContain('suite.Suite.echo');
    await server.stop();
    await vi.waitFor(() => expect(told.lost).toEqual(['The connection was lost']));
    await start({ port: server.port, definition: loadProto('changed.proto') });
    await upstream.connect();
    expect(told.changed).toEqual(['tools']);
    expect(await listTools(upstream)).toEqual(['suite.Suite.shout']);
  });

  it('with the same descriptors changes nothing', async () => {
    const server = await start();
    const { upstream, told } = connectTo(server.port);
    const names = await listTools(upstream);
    await server.stop();
    await vi.waitFor(() => expect(told.lost).toHaveLength(1));
    await start({ port: server.port });
    expect((await callTool(upstream, 'suite.Suite.echo', { text: 'again' })).text).toBe('{"text":"again"}');
    expect(await listTools(upstream)).toEqual(names);
    expect(told.changed).toEqual([]);
  });
});

describe('a connection', () => {
  it('is one for all calls, and is kept', async () => {
    const server = await start();
    const { upstream } = connectTo(server.port);
    const calls = Array.from({ length: 200 }, () => callTool(upstream, 'suite.Suite.echo', { text: 'x' }));
    for (const call of calls) expect((await call).isError).toBe(false);
    expect(server.accepted()).toBe(1);
  });

  it('that breaks under a call leaves its outcome unknown, and nothing is sent again', async () => {
    const server = await start();
    const { upstream } = connectTo(server.port);
    const calling = callTool(upstream, 'suite.Suite.hang', {});
    await vi.waitFor(() => expect(server.hanging()).toBe(1));
    await server.stop();
    expect(await calling).toMatchObject({ code: 'outcome_unknown' });
    expect(server.accepted()).toBe(1);
  });

  it('that cannot be made is told without saying where it leads', async () => {
    const server = await start();
    await server.stop();
    const { error, code } = await callTool(connectTo(server.port).upstream, 'suite.Suite.echo', {});
    expect(code).toBe('upstream_unreachable');
    expect(error).not.toContain(String(server.port));
  });

  it('that is ended in good order lets its calls end', async () => {
    const far = new Server();
    let answer: sendUnaryData<unknown> | undefined;
    const definition = loadProto('suite.proto')['suite.Suite'];
    if (definition === undefined || 'format' in definition) throw new Error('no service');
    far.addService(definition, {
      echo: (_: ServerUnaryCall<object, unknown>, done: sendUnaryData<unknown>) => (answer = done),
    });
    const port = await bind(far);
    const { upstream } = connectTo(port, { protoFiles: { 'suite.proto': text('suite.proto') } });
    const calling = callTool(upstream, 'suite.Suite.echo', { text: 'x' });
    await vi.waitFor(() => expect(answer).toBeDefined());
    const ended = new Promise((resolve) => far.tryShutdown(resolve));
    answer?.(null, { text: 'last' });
    expect((await calling).structuredContent).toEqual({ text: 'last' });
    await ended;
  });

  it.each(['127.0.0.1', 'localhost'])('is not made to %s where its addresses are refused', async (host) => {
    const server = await start();
    const refusesAddress = (address: string) => address === '127.0.0.1' || address === '::1';
    const { upstream } = connectTo(server.port, { host, refusesAddress });
    await expect(upstream.connect()).rejects.toThrow('must not be called');
    expect(server.accepted()).toBe(0);
  });

  it('is made by name, whatever families its addresses are of', async () => {
    const { upstream } = connectTo((await start()).port, { host: 'localhost' });
    expect((await callTool(upstream, 'suite.Suite.echo', { text: 'named' })).text).toBe('{"text":"named"}');
  });
});

describe('the health of a server', () => {
  it('that says it is NOT_SERVING keeps it from being called', async () => {
    let status = 2;
    const far = new Server();
    addRaw(far, '/grpc.health.v1.Health/Check', (_, done) => done(null, Buffer.of(8, status)));
    const { upstream } = connectTo(await bind(far), { protoFiles: { 'suite.proto': text('suite.proto') } });
    await expect(upstream.connect()).rejects.toThrow('NOT_SERVING');
    status = 1;
    expect((await upstream.connect()).transport).toBe('grpc');
  });
});

describe('hostile reflection', () => {
  it.each([
    ['garbage', Buffer.from('garbage')],
    ['nothing', Buffer.alloc(0)],
  ])('that answers with %s is an error', async (_, answer) => {
    const far = new Server();
    addRawStream(far, (call) => call.on('data', () => call.write(answer)));
    const { upstream } = connectTo(await bind(far));
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_error' });
  });

  it('that never answers is an error within the time for connecting', async () => {
    const far = new Server();
    addRawStream(far, () => {});
    const { upstream } = connectTo(await bind(far), { connectTimeoutMs: 300 });
    await expect(upstream.connect()).rejects.toMatchObject({ code: expect.stringMatching(/^upstream_/) as string });
  });
});

async function bind(server: Server): Promise<number> {
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    const credentials = ServerCredentials.createInsecure();
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

const same = (bytes: Buffer): Buffer => bytes;
const raw = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
  requestStream: false,
  responseStream: false,
};

function addRaw(server: Server, path: string, serve: (call: unknown, done: sendUnaryData<Buffer>) => void): void {
  server.addService({ call: { ...raw, path } }, { call: serve });
}

function addRawStream(server: Server, serve: (call: ServerDuplexStream<Buffer, Buffer>) => void): void {
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  server.addService({ call: { ...raw, path, requestStream: true, responseStream: true } }, { call: serve });
}
