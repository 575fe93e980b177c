import { setTimeout as delay } from 'node:timers/promises';
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { answer, callOn, HEADERS, openTo, read, startHttp2 } from '../fixtures/http2-server.fixture.ts';
import { frame } from './frames.ts';

const text = (value: string) => frame(Buffer.from(value));

describe('a call', () => {
  it('is a request as gRPC has it', async () => {
    const seen: unknown[] = [];
    const server = await startHttp2(async (stream, headers) => {
      seen.push({ ...headers }, await read(stream));
      answer(stream, [text('answer')]);
    });
    const channel = await openTo(server, { host: 'shop.test' });
    const metadata = { 'x-team': 'blue', te: 'nothing', 'content-type': 'text/plain' };
    const deadline = Date.now() + 4000;
    expect(await callOn(channel, { metadata, deadline })).toEqual({ messages: ['answer'], failure: undefined });
    expect(seen).toEqual([
      expect.objectContaining({
        ':method': 'POST',
        ':scheme': 'http',
        ':path': '/a.B/C',
        ':authority': `shop.test:${server.port}`,
        'content-type': 'application/grpc',
        te: 'trailers',
        'x-team': 'blue',
        'grpc-timeout': expect.stringMatching(/^(?:3\d\d\d|4000)m$/) as string,
        'grpc-accept-encoding': 'identity,deflate,gzip',
      }),
      text('request'),
    ]);
  });

  it('whose time is up is not sent', async () => {
    const serve = vi.fn();
    const channel = await openTo(await startHttp2(serve));
    const { failure } = await callOn(channel, { deadline: Date.now() - 1 });
    expect(failure).toMatchObject({ code: 4 });
    await delay(50);
    expect(serve).not.toHaveBeenCalled();
  });

  it('with a message that is too long is not sent', async () => {
    const serve = vi.fn();
    const channel = await openTo(await startHttp2(serve), { maxMessageBytes: 10 });
    const { failure } = await callOn(channel, { messages: [Buffer.alloc(10), Buffer.alloc(11)] });
    expect(failure).toMatchObject({
      code: 8,
      fate: 'answered',
      message: expect.stringContaining('11 bytes') as string,
    });
    await delay(50);
    expect(serve).not.toHaveBeenCalled();
  });

  it('that waits for its turn can be cancelled, and the others go on', async () => {
    const paths: unknown[] = [];
    const streams: (() => void)[] = [];
    const server = await startHttp2(
      (stream, headers) => {
        paths.push(headers[':path']);
        streams.push(() => answer(stream, [text('late')]));
      },
      { settings: { maxConcurrentStreams: 1 } },
    );
    const channel = await openTo(server);
    const first = callOn(channel, { path: '/1' });
    await vi.waitFor(() => expect(streams).toHaveLength(1));
    const second = callOn(channel, { path: '/2', deadline: Date.now() + 50 });
    const third = callOn(channel, { path: '/3' });
    expect((await second).failure).toMatchObject({ code: 4 });
    streams[0]?.();
    expect((await first).messages).toEqual(['late']);
    await vi.waitFor(() => expect(streams.length).toBeGreaterThan(1));
    for (const end of streams.slice(1)) end();
    expect((await third).messages).toEqual(['late']);
    expect(paths).toEqual(['/1', '/3']);
  });

  it('that was given up before its turn is not sent when that comes, and costs nobody the connection', async () => {
    const paths: unknown[] = [];
    let first = (): void => {};
    const server = await startHttp2(
      (stream, headers) => {
        paths.push(headers[':path']);
        if (headers[':path'] === '/1') first = () => answer(stream, []);
        else answer(stream, []);
      },
      { settings: { maxConcurrentStreams: 1 } },
    );
    const channel = await openTo(server);
    const lost = vi.fn();
    channel.onLost(lost);
    const calling = callOn(channel, { path: '/1', deadline: Date.now() + 10_000 });
    await vi.waitFor(() => expect(paths).toEqual(['/1']));
    expect((await callOn(channel, { path: '/2', deadline: Date.now() + 50 })).failure).toMatchObject({ code: 4 });
    await delay(2500);
    first();
    expect((await calling).failure).toBeUndefined();
    expect((await callOn(channel, { path: '/3' })).failure).toBeUndefined();
    expect(paths).toEqual(['/1', '/3']);
    expect(lost).not.toHaveBeenCalled();
  }, 15_000);

  it('that is answered before all was sent is over, at the server too', async () => {
    let closed = false;
    const server = await startHttp2((stream) => {
      stream.once('close', () => (closed = true));
      answer(stream, [text('enough')]);
    });
    const channel = await openTo(server);
    const { messages, failure } = await callOn(channel, { messages: undefined });
    expect({ messages, failure }).toEqual({ messages: ['enough'], failure: undefined });
    await vi.waitFor(() => expect(closed).toBe(true));
  });
});

describe('compression', () => {
  it('is undone, and messages stay in their order', async () => {
    const server = await startHttp2((stream) => {
      const packed = [gzipSync('one'), gzipSync('three')].map((bytes) => frame(bytes, true));
      answer(stream, [packed[0] ?? text(''), text('two'), packed[1] ?? text(''), text('four')], {
        'grpc-encoding': 'gzip',
      });
    });
    expect(await callOn(await openTo(server))).toEqual({
      messages: ['one', 'two', 'three', 'four'],
      failure: undefined,
    });
  });

  it('may be deflate', async () => {
    const server = await startHttp2((stream) =>
      answer(stream, [frame(deflateSync('flat'), true)], { 'grpc-encoding': 'deflate' }),
    );
    expect((await callOn(await openTo(server))).messages).toEqual(['flat']);
  });

  it.each([
    ['grows past the limit', 'gzip', gzipSync(Buffer.alloc(65_537)), 8],
    ['is broken', 'gzip', Buffer.from('no gzip'), 13],
    ['was not offered', 'snappy', Buffer.from('x'), 13],
    ['is not named', undefined, gzipSync('x'), 13],
  ])('that %s is an error', async (_, encoding, bytes, code) => {
    const headers = encoding === undefined ? {} : { 'grpc-encoding': encoding };
    const server = await startHttp2((stream) => answer(stream, [frame(bytes, true)], headers));
    expect(await callOn(await openTo(server))).toMatchObject({ messages: [], failure: { code } });
  });

  it('of requests is left once the server has said that it knows none', async () => {
    const seen: unknown[] = [];
    const server = await startHttp2(async (stream, headers) => {
      seen.push(headers['grpc-encoding'], await read(stream));
      answer(stream, [], { 'grpc-accept-encoding': 'identity' });
    });
    const channel = await openTo(server, { gzip: true });
    await callOn(channel);
    await callOn(channel);
    const [encoding, packed, ...second] = seen;
    expect(encoding).toBe('gzip');
    expect((packed as Buffer)[0]).toBe(1);
    expect(gunzipSync((packed as Buffer).subarray(5)).toString()).toBe('request');
    expect(second).toEqual([undefined, text('request')]);
  });
});

describe('an answer', () => {
  it('that has a message beyond the limit is cut, at the server too', async () => {
    let closed = false;
    const server = await startHttp2((stream) => {
      stream.once('close', () => (closed = true));
      stream.respond(HEADERS);
      stream.write(Buffer.of(0, 255, 0, 0, 0));
    });
    expect((await callOn(await openTo(server))).failure).toMatchObject({ code: 8, fate: 'answered' });
    await vi.waitFor(() => expect(closed).toBe(true));
  });

  it.each([
    [401, 'text/html', 16],
    [403, 'text/html', 7],
    [404, 'text/plain', 12],
    [502, 'text/html', 14],
    [503, 'application/json', 14],
    [418, 'text/html', 2],
    [200, 'text/html', 2],
  ])('of HTTP %i with %s has status %3$i', async (status, type, code) => {
    const server = await startHttp2((stream) => {
      stream.respond({ ':status': status, 'content-type': type });
      stream.end('<html>not what was asked for</html>');
    });
    const message = status === 200 ? `The answer is ${type}, which is no gRPC` : `Received HTTP status code ${status}`;
    expect((await callOn(await openTo(server))).failure).toMatchObject({ code, message, fate: 'answered' });
  });

  it.each([
    ['no status', {}, 2, ''],
    ['a status that is no number', { 'grpc-status': 'fine' }, 2, ''],
    ['an unknown status', { 'grpc-status': '99', 'grpc-message': 'odd' }, 99, 'odd'],
    ['a message in percent', { 'grpc-status': '5', 'grpc-message': 'caf%C3%A9 %2F 100%25' }, 5, 'café / 100%'],
    ['a message that is encoded badly', { 'grpc-status': '5', 'grpc-message': '100% gone' }, 5, '100% gone'],
  ])('with %s in its only headers is an error', async (_, headers, code, message) => {
    const server = await startHttp2((stream) => stream.respond({ ...HEADERS, ...headers }, { endStream: true }));
    const { failure } = await callOn(await openTo(server));
    expect(failure).toMatchObject({ code, message: expect.stringContaining(message) as string });
  });

  it.each([
    ['in a message', text('whole').subarray(0, 7), '0'],
    ['in the head of one', Buffer.of(0, 0), '0'],
  ])('that ends %s is not whole', async (_, bytes, status) => {
    const server = await startHttp2((stream) => answer(stream, [bytes], {}, { 'grpc-status': status }));
    expect((await callOn(await openTo(server))).failure).toMatchObject({ code: 13, fate: 'unknown' });
  });

  it('without trailers leaves the outcome unknown', async () => {
    const server = await startHttp2((stream) => {
      stream.respond(HEADERS);
      stream.end(text('and?'));
    });
    expect(await callOn(await openTo(server))).toMatchObject({ messages: ['and?'], failure: { fate: 'unknown' } });
  });
});

describe('a stream that the server resets', () => {
  it('after the status does not lose messages without saying so', async () => {
    const sent = Array.from({ length: 20 }, (_, at) => String(at).repeat(20_000));
    const server = await startHttp2((stream) => {
      answer(
        stream,
        sent.map((one) => frame(gzipSync(one), true)),
        { 'grpc-encoding': 'gzip' },
      );
      stream.once('finish', () => setImmediate(() => stream.close(8)));
    });
    const { messages, failure } = await callOn(await openTo(server), { messages: undefined });
    expect(failure === undefined ? messages : sent).toEqual(sent);
    expect(sent.slice(0, messages.length)).toEqual(messages);
  });

  it.each([
    ['REFUSED_STREAM was not looked at', 7, 14, 'unsent'],
    ['CANCEL is cancelled', 8, 1, 'answered'],
    ['ENHANCE_YOUR_CALM is one too many', 11, 8, 'answered'],
    ['INADEQUATE_SECURITY is not allowed', 12, 7, 'answered'],
    ['INTERNAL_ERROR has an unknown outcome', 2, 13, 'unknown'],
  ])('by %s', async (_, reset, code, fate) => {
    const server = await startHttp2((stream) => stream.close(reset));
    expect((await callOn(await openTo(server))).failure).toMatchObject({ code, fate });
  });

  it('by REFUSED_STREAM after it has begun to answer has an unknown outcome', async () => {
    const server = await startHttp2((stream) => {
      stream.respond(HEADERS);
      stream.write(text('one'), () => stream.close(7));
    });
    const { messages, failure } = await callOn(await openTo(server));
    expect(messages).toEqual(['one']);
    expect(failure).toMatchObject({ fate: 'unknown' });
  });
});
