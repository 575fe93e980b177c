import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { callOn, openTo, startHttp2, startRelay } from '../fixtures/http2-server.fixture.ts';

it('pings a server that is silent during a call, and only then', async () => {
  let pings = 0;
  const server = await startHttp2(() => {});
  const channel = await openTo(server, { keepAliveMs: 60 });
  for (const session of server.sessions) session.on('ping', () => (pings += 1));
  await delay(200);
  expect(pings).toBe(0);
  const { failure } = await callOn(channel, { deadline: Date.now() + 400 });
  expect(failure).toMatchObject({ code: 4 });
  expect(pings).toBeGreaterThanOrEqual(2);
  expect(pings).toBeLessThanOrEqual(8);
});

it('gives up a connection that swallows what is sent, and the calls on it', async () => {
  const relay = await startRelay(await startHttp2(() => {}));
  const channel = await openTo(relay, { keepAliveMs: 50, pingTimeoutMs: 100 });
  const lost = vi.fn();
  channel.onLost(lost);
  const calling = callOn(channel);
  relay.swallow();
  expect((await calling).failure).toMatchObject({ code: 14, fate: 'unknown' });
  expect(lost).toHaveBeenCalledTimes(1);
});
