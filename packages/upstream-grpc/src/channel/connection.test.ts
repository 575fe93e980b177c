import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { makeCertificates } from '../fixtures/certificates.fixture.ts';
import { answer, callOn, openTo, startHttp2, startRelay, startTcp } from '../fixtures/http2-server.fixture.ts';
import { frame } from './frames.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const held = (): number => {
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
};

const text = (value: string) => frame(Buffer.from(value));

describe('a connection that the server leaves', () => {
  it.each([0, 11])('by GOAWAY with code %i was lost for the calls that it had looked at only', async (code) => {
    const seen: (() => void)[] = [];
    const server = await startHttp2((stream) => {
      const { session, id = 0 } = stream;
      seen.push(() => {
        session?.goaway(code, id);
        if (code === 0) answer(stream, [text('last')]);
      });
    });
    const channel = await openTo(server);
    const lost = vi.fn();
    channel.onLost(lost);
    const calls = [1, 2, 3].map(() => callOn(channel));
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    seen[0]?.();
    const [first, second, third] = await Promise.all(calls);
    if (code === 0) expect(first).toEqual({ messages: ['last'], failure: undefined });
    else expect(first?.failure).toMatchObject({ fate: 'unknown' });
    for (const { failure } of [second, third] as { failure: unknown }[]) {
      expect(failure).toMatchObject({ code: 14, fate: 'unsent' });
    }
    expect(lost).toHaveBeenCalledTimes(1);
    expect((await callOn(channel)).failure).toMatchObject({ code: 14, fate: 'unsent' });
  });

  it('by hanging up has calls of unknown outcome', async () => {
    const server = await startHttp2((stream) => stream.session?.destroy());
    const channel = await openTo(server);
    const lost = vi.fn();
    channel.onLost(lost);
    expect((await callOn(channel)).failure).toMatchObject({ code: 14, fate: 'unknown' });
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1));
  });

  it('is told of to who asks later', async () => {
    const server = await startHttp2(() => {});
    const channel = await openTo(server);
    for (const session of server.sessions) session.destroy();
    await delay(50);
    const lost = vi.fn();
    channel.onLost(lost);
    expect(lost).toHaveBeenCalledTimes(1);
  });
});

it('lets calls end when it is closed, and hangs up then', async () => {
  let end = (): void => {};
  const server = await startHttp2((stream) => (end = () => answer(stream, [text('done')])));
  const channel = await openTo(server);
  const calling = callOn(channel);
  await vi.waitFor(() => expect(server.sessions.size).toBe(1));
  await delay(20);
  channel.close();
  expect((await callOn(channel)).failure).toMatchObject({ fate: 'unsent' });
  end();
  expect((await calling).messages).toEqual(['done']);
  await vi.waitFor(() => expect(server.sessions.size).toBe(0));
});

it('hangs up when it is closed, even if the server does not', async () => {
  const relay = await startRelay(await startHttp2((stream) => answer(stream, [text('one')])));
  const channel = await openTo(relay);
  expect((await callOn(channel)).messages).toEqual(['one']);
  channel.close();
  const [client] = relay.clients;
  const refused = vi.fn();
  client?.once('error', refused);
  await vi.waitFor(
    () => {
      client?.write('still there?');
      expect(refused).toHaveBeenCalled();
    },
    { timeout: 5000, interval: 100 },
  );
});

it('is given up at once, with its calls, when TLS is broken into', async () => {
  const { ca, server } = makeCertificates();
  const far = await startHttp2(() => {}, { cert: server.cert, key: server.key });
  const relay = await startRelay(far);
  const channel = await openTo(relay, { tls: { ca: ca.cert, serverName: 'grpc.test' } });
  const lost = vi.fn();
  channel.onLost(lost);
  const calling = callOn(channel);
  await delay(50);
  for (const client of relay.clients) client.write(Buffer.concat([Buffer.of(23, 3, 3, 0, 64), Buffer.alloc(64, 7)]));
  expect((await calling).failure).toMatchObject({ code: 14, fate: 'unknown' });
  expect(lost).toHaveBeenCalledTimes(1);
});

it('is not made to what does not speak HTTP/2', async () => {
  const relay = await startRelay(await startHttp2(() => {}));
  relay.swallow();
  const opening = openTo(relay);
  await vi.waitFor(() => expect(relay.clients.size).toBe(1));
  for (const client of relay.clients) client.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  await expect(opening).rejects.toMatchObject({ code: 'upstream_unreachable' });
});

describe('a server that stops reading', () => {
  const BYTES = 20_000_000;

  async function openToStalled() {
    const server = await startHttp2(() => {}, { settings: { initialWindowSize: 2 ** 31 - 1 } });
    const relay = await startRelay(server);
    const channel = await openTo(relay, { maxMessageBytes: BYTES });
    for (const session of server.sessions) session.setLocalWindowSize(2 ** 31 - 1);
    await delay(50);
    for (const client of relay.clients) client.pause();
    return { channel, relay };
  }

  it('is left, and nothing is kept of the calls that it was to be sent', async () => {
    const { channel } = await openToStalled();
    const lost = vi.fn(() => channel.close());
    channel.onLost(lost);
    const message = Buffer.alloc(BYTES);
    const before = held();
    const calls = [1, 2, 3].map(() => callOn(channel, { messages: [message], deadline: Date.now() + 200 }));
    for (const { failure } of await Promise.all(calls)) expect(failure).toMatchObject({ code: 4 });
    await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1), { timeout: 4000 });
    await vi.waitFor(() => expect(held() - before).toBeLessThan(BYTES / 2), { timeout: 4000, interval: 200 });
  }, 15_000);

  it('does not keep a connection open that is closed', async () => {
    const { channel, relay } = await openToStalled();
    const calling = callOn(channel, { messages: [Buffer.alloc(BYTES)], deadline: Date.now() + 200 });
    channel.close();
    expect((await calling).failure).toMatchObject({ code: 4 });
    const [client] = relay.clients;
    const refused = vi.fn();
    client?.once('error', refused);
    await vi.waitFor(
      () => {
        client?.write('still there?');
        expect(refused).toHaveBeenCalled();
      },
      { timeout: 5000, interval: 100 },
    );
  }, 10_000);
});

it('is left when the server lets a thousand calls wait in vain, of which nothing is kept', async () => {
  const server = await startHttp2(() => {}, { settings: { maxConcurrentStreams: 0 } });
  const channel = await openTo(server);
  const lost = vi.fn();
  channel.onLost(lost);
  const before = held();
  const call = () => callOn(channel, { messages: [Buffer.alloc(40_000)], deadline: Date.now() + 500 });
  for (const { failure } of await Promise.all(Array.from({ length: 999 }, call))) expect(failure?.code).toBe(4);
  await vi.waitFor(() => expect(held() - before).toBeLessThan(4_000_000), { timeout: 6000, interval: 200 });
  expect(lost).not.toHaveBeenCalled();
  await call();
  await vi.waitFor(() => expect(lost).toHaveBeenCalledTimes(1), { timeout: 4000 });
}, 20_000);

it.each(['before', 'after'])('does not take what is pushed %s the server knows that it must not', async (when) => {
  const frameOf = (type: number, flags: number, id: number, payload: string): Buffer => {
    const bytes = Buffer.from(payload, 'hex');
    const head = Buffer.of(0, 0, bytes.length, type, flags, 0, 0, 0, id);
    return Buffer.concat([head, bytes]);
  };
  const server = await startTcp((socket) => {
    socket.write(frameOf(4, 0, 0, '')); // SETTINGS
    if (when === 'after') socket.write(frameOf(4, 1, 0, '')); // their acknowledgement
    socket.on('data', (bytes) => {
      if (!bytes.includes(Buffer.of(1, 4, 0, 0, 0, 1))) return; // HEADERS of the call
      socket.write(frameOf(5, 4, 1, '00000002828684410161')); // PUSH_PROMISE of GET http://a/
      socket.write(frameOf(1, 4, 2, '88')); // the pushed answer
      socket.write(frameOf(3, 0, 2, '00000002')); // RST_STREAM of it: an error that nobody would listen for
    });
  });
  const { messages, failure } = await callOn(await openTo(server), { deadline: Date.now() + 500 });
  expect({ messages, code: failure?.code }).toEqual({ messages: [], code: when === 'before' ? 4 : 14 });
});
