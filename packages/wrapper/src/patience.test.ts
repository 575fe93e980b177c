import { ForgeError, JsonText, type UpstreamInfo } from '@forge/protocol';
import { describe, expect, it } from 'vitest';
import { connectPatiently } from './patience.ts';

const INFO: UpstreamInfo = {
  era: 'modern',
  protocolVersion: '2026-07-28',
  description: { serverInfo: JsonText.of({}), capabilities: JsonText.of({}), ttlMs: 0, cacheScope: 'private' },
  transport: 'streamable-http',
  reason: 'test',
};

/** Fails with these errors, one after the other, then connects. */
function connecting(errors: readonly ForgeError[], over: Partial<Parameters<typeof connectPatiently>[0]> = {}) {
  const left = [...errors];
  const waits: string[] = [];
  const outcome = connectPatiently({
    connect: async () => {
      const error = left.shift();
      if (error !== undefined) throw error;
      return INFO;
    },
    timeoutMs: 5000,
    isPaused: () => false,
    signal: new AbortController().signal,
    onWait: (error) => waits.push(error.code),
    ...over,
  });
  return { outcome, left, waits };
}

const DOWN = new ForgeError('upstream_unreachable');
const status = (httpStatus: number) => new ForgeError('upstream_error', undefined, { data: { httpStatus } });
const certificate = Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' });

describe('a server that is down', () => {
  it.each([[DOWN], [new ForgeError('upstream_timeout')], [status(503)], [status(429)]])(
    '%s is tried again',
    async (error) => {
      const { outcome, waits } = connecting([error, error]);
      expect(await outcome).toBe(INFO);
      expect(waits).toEqual([error.code]);
    },
  );

  it.each([
    [status(404)],
    [new ForgeError('upstream_error')],
    [new ForgeError('upstream_unreachable', 'x', { cause: certificate })],
  ])('%s is not, because waiting does not help', async (error) => {
    const { outcome, left } = connecting([error, DOWN]);
    await expect(outcome).rejects.toBe(error);
    expect(left).toHaveLength(1);
  });

  it('is given up when the time is up, but the time of a login does not count', async () => {
    await expect(connecting([DOWN, DOWN], { timeoutMs: 100 }).outcome).rejects.toBe(DOWN);
    expect(await connecting([DOWN, DOWN], { timeoutMs: 500, isPaused: () => true }).outcome).toBe(INFO);
  });

  it('is given up at once when the wrapper ends', async () => {
    const ending = new AbortController();
    const { outcome } = connecting([], { connect: () => new Promise(() => undefined), signal: ending.signal });
    ending.abort();
    await expect(outcome).rejects.toMatchObject({ code: 'cancelled' });
    await expect(connecting([], { signal: ending.signal }).outcome).rejects.toMatchObject({ code: 'cancelled' });
  });
});
