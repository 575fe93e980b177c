import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { makeCertificates } from '../fixtures/certificates.fixture.ts';
import { answer, callOn, openTo, startHttp2, startRelay } from '../fixtures/http2-server.fixture.ts';
import { frame } from './frames.ts';

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
