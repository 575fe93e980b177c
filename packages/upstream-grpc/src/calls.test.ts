import { create, toBinary } from '@bufbuild/protobuf';
import { AnySchema, anyPack, DurationSchema } from '@bufbuild/protobuf/wkt';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startServer, type TestServer } from './fixtures/server.fixture.ts';
import { callTool, connectTo, type Result } from './fixtures/upstream.fixture.ts';
import type { GrpcUpstreamOptions } from './grpc-upstream.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const connect = (options: Partial<GrpcUpstreamOptions> = {}) => connectTo(server.port, options).upstream;
const texts = (...all: string[]) => ({ messages: all.map((text) => ({ text })) });

describe('results', () => {
  it('are the message as structure and as text', async () => {
    const { structuredContent, text, isError } = await callTool(connect(), 'suite.Suite.echo', { text: 'ü "x"' });
    expect(structuredContent).toEqual({ text: 'ü "x"' });
    expect(text).toBe('{"text":"ü \\"x\\""}');
    expect(isError).toBe(false);
  });

  it('say which arguments do not fit, and nothing is sent', async () => {
    const { isError, text } = await callTool(connect(), 'suite.Suite.large', { size: 'much' });
    expect(isError).toBe(true);
    expect(text).toMatch(/^The arguments do not fit: .*suite\.Size\.size/);
  });
});

describe('numbers', () => {
  it('are not sent as other ones', async () => {
    const { isError, text } = await callTool(connect(), 'suite.Suite.large', '{"wide":9007199254740993}');
    expect([isError, text]).toEqual([true, expect.stringContaining('do not fit: 9007199254740993 has more digits')]);
  });
});

describe('methods that stream', () => {
  it('take a list of messages', async () => {
    const { structuredContent } = await callTool(connect(), 'suite.Streams.Join', texts('one', 'two', 'three'));
    expect(structuredContent).toEqual({ text: 'one two three' });
  });

  it('take a list, and answer with a list', async () => {
    const { structuredContent } = await callTool(connect(), 'suite.Streams.Shout', texts('one', 'two'));
    expect(structuredContent).toEqual(texts('ONE', 'TWO'));
  });

  it('take an empty list', async () => {
    const { structuredContent } = await callTool(connect(), 'suite.Streams.Shout', texts());
    expect(structuredContent).toEqual(texts());
  });

  it('tell each message as progress to who wants that', async () => {
    const told: unknown[] = [];
    const making = { onProgress: (message: unknown) => told.push(message) };
    const { structuredContent } = await callTool(connect(), 'suite.Suite.steps', { count: 3 }, making);
    expect(told).toEqual(['{"text":"step 1"}', '{"text":"step 2"}', '{"text":"step 3"}']);
    expect(structuredContent).toEqual(texts('step 1', 'step 2', 'step 3'));
  });

  it('are ended at the limit of messages, and the result says so', async () => {
    const { structuredContent, isError } = await callTool(connect({ maxMessages: 5 }), 'suite.Streams.Endless', {
      size: 1,
    });
    expect(isError).toBe(false);
    expect(structuredContent).toMatchObject(texts('x', 'x', 'x', 'x', 'x'));
    expect(structuredContent?.['cut']).toMatch(/^These are the first 5 messages\. .*5 messages are the limit/);
  });

  it('that have exactly as many messages as the limit are whole', async () => {
    const { structuredContent } = await callTool(connect({ maxMessages: 3 }), 'suite.Suite.steps', { count: 3 });
    expect(structuredContent).not.toHaveProperty('cut');
  });

  it('are ended at the limit of characters, and the result says so', async () => {
    const upstream = connect({ maxCollected: 2500 });
    const { structuredContent } = await callTool(upstream, 'suite.Streams.Endless', { size: 1000 });
    expect(structuredContent?.['messages']).toHaveLength(2);
    expect(structuredContent?.['cut']).toContain('2500 characters are the limit');
  });

  it('that fail half way tell what came before', async () => {
    const { isError, text } = await callTool(connect(), 'suite.Streams.Broken', { count: 2 });
    expect(isError).toBe(true);
    expect(text).toContain('DATA_LOSS: the disk is gone');
    expect(text).toContain(JSON.stringify(texts('step 1', 'step 2')));
  });

  it('end at the deadline with what came', async () => {
    const upstream = connect({ requestTimeoutMs: 300, maxMessages: 1_000_000, maxCollected: 1_000_000_000 });
    const { isError, text } = await callTool(upstream, 'suite.Streams.Endless', { size: 200_000 });
    expect(isError).toBe(true);
    expect(text).toContain('DEADLINE_EXCEEDED');
    expect(text).toContain('The time for the call was up.');
  });
});

describe('metadata', () => {
  const pairs = ({ structuredContent }: Result) => structuredContent?.['pairs'] as Record<string, string>;
  const headers = { authorization: 'Bearer ours', 'x-team': 'blue', 'trace-bin': 'AAEC' };

  it('is sent with every call, binary values as bytes', async () => {
    const sent = pairs(await callTool(connect({ headers }), 'suite.Streams.Metadata', {}));
    expect(sent).toMatchObject({ authorization: 'Bearer ours', 'x-team': 'blue', 'trace-bin': '\0\x01\x02' });
  });

  it('has the authorization that a client wants sent for itself, for this one call', async () => {
    const upstream = connect({ headers });
    const own = await callTool(upstream, 'suite.Streams.Metadata', {}, { authorization: 'Bearer mine' });
    expect(pairs(own)).toMatchObject({ authorization: 'Bearer mine', 'x-team': 'blue' });
    expect(pairs(await callTool(upstream, 'suite.Streams.Metadata', {}))).toMatchObject({
      authorization: 'Bearer ours',
    });
  });

  it('does not carry a line break that a client tries to smuggle in', async () => {
    const { error } = await callTool(connect(), 'suite.Streams.Metadata', {}, { authorization: 'a\r\nx-evil: b' });
    expect(error).toContain('characters that metadata cannot carry');
  });

  it('is compressed where that is wanted', async () => {
    const text = 'compress me '.repeat(1000);
    const { structuredContent } = await callTool(connect({ gzip: true }), 'suite.Suite.echo', { text });
    expect(structuredContent).toEqual({ text });
  });
});

describe('statuses', () => {
  const fail = (code: number, message = 'as asked', details = '') =>
    callTool(connect(), 'suite.Streams.Status', { code, message, details });

  it.each([
    [3, 'INVALID_ARGUMENT', 'Correct the arguments'],
    [5, 'NOT_FOUND', 'does not exist'],
    [7, 'PERMISSION_DENIED', 'not allowed'],
    [8, 'RESOURCE_EXHAUSTED', 'try later'],
    [12, 'UNIMPLEMENTED', 'does not have this method'],
    [14, 'UNAVAILABLE', 'try again later'],
    [16, 'UNAUTHENTICATED', 'credential'],
  ])('%i is %s, with what can be done', async (code, name, advice) => {
    const { isError, text } = await fail(code);
    expect(isError).toBe(true);
    expect(text).toContain(`${name}: as asked`);
    expect(text).toContain(advice);
  });

  it('of a deadline is a timeout', async () => {
    expect(await fail(4)).toMatchObject({ code: 'upstream_timeout' });
  });

  it('are told with their details, those of unknown types as bytes', async () => {
    const bytes = (field: number, value: Uint8Array, writer = new BinaryWriter()) =>
      writer.tag(field, WireType.LengthDelimited).bytes(value);
    const any = (typeUrl: string, value: Uint8Array) =>
      toBinary(AnySchema, create(AnySchema, { typeUrl: `type.googleapis.com/${typeUrl}`, value }));
    const reason = bytes(1, Buffer.from('QUOTA')).finish();
    const delay = toBinary(DurationSchema, create(DurationSchema, { seconds: 7n }));
    let status = new BinaryWriter();
    for (const detail of [
      any('google.rpc.ErrorInfo', reason),
      any('google.rpc.RetryInfo', bytes(1, delay).finish()),
      any('made.Up', Uint8Array.of(1, 2)),
      toBinary(AnySchema, anyPack(DurationSchema, create(DurationSchema, { seconds: 1n }))),
    ])
      status = bytes(3, detail, status);
    const { text } = await fail(8, 'too much', Buffer.from(status.finish()).toString('base64'));
    const [head, info, retry, unknown, duration] = text.split('\n');
    expect(head).toBe('RESOURCE_EXHAUSTED: too much');
    expect(info).toContain('"reason":"QUOTA"');
    expect(retry).toContain('"retryDelay":"7s"');
    expect(unknown).toBe('{"@type":"type.googleapis.com/made.Up","value":"AQI="}');
    expect(duration).toContain('"value":"1s"');
  });

  it('whose details are malformed stand without them', async () => {
    const { text } = await fail(5, 'gone', Buffer.from('no status').toString('base64'));
    expect(text).toBe('NOT_FOUND: gone\nWhat the arguments name does not exist.');
  });
});

it('passes a cancellation on', async () => {
  let cancel = () => {};
  const calling = callTool(connect(), 'suite.Suite.hang', {}, { onCancel: (it) => (cancel = it) });
  await vi.waitFor(() => expect(server.hanging()).toBe(1));
  cancel();
  expect(await calling).toMatchObject({ error: 'changed my mind' });
  await vi.waitFor(() => expect(server.hanging()).toBe(0));
});

it('refuses calls past its bound', async () => {
  const upstream = connect({ maxInFlight: 1 });
  const hanging = callTool(upstream, 'suite.Suite.hang', {});
  expect(await callTool(upstream, 'suite.Suite.echo', {})).toMatchObject({ error: 'Too many calls are in flight' });
  await upstream.close();
  expect((await hanging).isError).toBe(true);
});
