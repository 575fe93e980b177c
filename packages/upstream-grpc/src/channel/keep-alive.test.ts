import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { callOn, openTo, startHttp2 } from '../fixtures/http2-server.fixture.ts';

/** Passes everything on, until it is told to swallow it. */
async function startHole(target: number) {
  let swallows = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.on('data', (bytes) => {
        if (!swallows) to.write(bytes);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, swallow: () => (swallows = true) };
}

it('pings a server that is silent during a call, and only then', async () => {
  let pings = 0;
  const server = await startHttp2(() => {});
  const channel = await openTo(server, { keepAliveMs: 60 });
  for (const session of server.sessions) session.on('ping', () => (pings += 1));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(pings).toBe(0);
  const { failure } = await callOn(channel, { deadline: Date.now() + 400 });
  expect(failure).toMatchObject({ code: 4 });
  expect(pings).toBeGreaterThanOrEqual(2);
  expect(pings).toBeLessThanOrEqual(8);
});

it('gives up a connection that swallows what is sent, and the calls on it', async () => {
  const far = await startHttp2(() => {});
  const hole = await startHole(far.port);
  const channel = await openTo(hole, { keepAliveMs: 50, pingTimeoutMs: 100 });
  const lost = vi.fn();
  channel.onLost(lost);
  const calling = callOn(channel);
  hole.swallow();
  expect((await calling).failure).toMatchObject({ code: 14, fate: 'unknown' });
  expect(lost).toHaveBeenCalledTimes(1);
});
