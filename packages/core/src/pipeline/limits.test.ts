import { errorOutcome, ForgeError, JsonText, NOBODY, type Outcome, ownRequest, resultOutcome } from '@forge/protocol';
import { expect, test, vi } from 'vitest';
import type { Call, Interceptor } from '../contracts/interceptor.ts';
import { CallLimit } from './call-limit.ts';
import { limitCalls } from './limit-calls.ts';
import { composePipeline } from './pipeline.ts';
import { retryCalls } from './retry-calls.ts';

const FINE = resultOutcome(JsonText.of({ resultType: 'complete', content: [] }));
const failing = (
  code: 'upstream_unreachable' | 'outcome_unknown' | 'upstream_timeout',
  data?: Record<string, unknown>,
) => errorOutcome(new ForgeError(code, undefined, { data }));

function callOf(itemId: string | undefined = 'tool', method = 'tools/call'): Call {
  return {
    request: ownRequest(method),
    exchange: NOBODY,
    principal: { id: 'alice', admin: false },
    serverId: undefined,
    upstreamId: 'up',
    itemId,
    target: undefined,
  };
}

/** A pipeline of one interceptor over given outcomes. */
function over(interceptor: Interceptor, ...outcomes: Outcome[]) {
  const terminal = vi.fn(() => Promise.resolve(outcomes.shift() ?? FINE));
  return { send: composePipeline([interceptor], terminal), terminal };
}

test('calls within a minute are counted exactly, whenever the minute begins', () => {
  const limit = new CallLimit({ perMinute: 3, concurrent: 0 });
  for (const at of [0, 20_000, 59_000]) limit.enter(at);
  expect(() => limit.enter(59_999)).toThrow(expect.objectContaining({ code: 'too_many_requests', retryAfter: 1 }));
  limit.enter(60_000);
  expect(() => limit.enter(60_001)).toThrow(expect.objectContaining({ retryAfter: 20 }));
  for (let left = 0; left < 4; left += 1) limit.leave();
  expect([limit.isIdle(119_999), limit.isIdle(120_000)]).toEqual([false, true]);
});

test('only so many calls of a tool are under way, and those of another do not count', async () => {
  let finish = (): void => undefined;
  const waits = new Promise<Outcome>((resolve) => (finish = () => resolve(FINE)));
  const send = composePipeline([limitCalls({ perMinute: 0, concurrent: 2 })], () => waits);
  const running = [send(callOf()), send(callOf())];
  const { error } = await send(callOf());
  expect(error).toMatchObject({ code: -32010, message: expect.stringMatching(/2 calls .* try again in 1 s/) });
  expect(error?.data?.value).toEqual({ retryAfter: 1, code: 'too_many_requests' });
  running.push(send(callOf('another')), send(callOf(undefined, 'tools/list')));
  finish();
  expect(await Promise.all(running)).toEqual([FINE, FINE, FINE, FINE]);
  expect(await send(callOf())).toBe(FINE);
});

test('a call that fails gives its place back', async () => {
  const { send } = over(limitCalls({ perMinute: 0, concurrent: 1 }), failing('upstream_timeout'));
  expect((await send(callOf())).error).toBeDefined();
  expect(await send(callOf())).toBe(FINE);
});

const retry = (isRepeatable: boolean) =>
  retryCalls({ retries: 2, withinMs: 10_000, isRepeatable: () => isRepeatable, pauseMs: 1 });

test('what was not dispatched is sent again, so many times', async () => {
  const out = failing('upstream_unreachable');
  const once = over(retry(false), out, out);
  expect(await once.send(callOf())).toBe(FINE);
  expect(once.terminal).toHaveBeenCalledTimes(3);
  const never = over(retry(false), out, out, out, out);
  expect(await never.send(callOf())).toBe(out);
  expect(never.terminal).toHaveBeenCalledTimes(3);
});

test.each([
  ['what may have been carried out', failing('outcome_unknown'), false],
  ['what took too long', failing('upstream_timeout'), true],
  ['what its upstream has repeated itself', failing('upstream_unreachable', { attempts: 4 }), true],
])('%s is not', async (_, outcome, isRepeatable) => {
  const { send, terminal } = over(retry(isRepeatable), outcome);
  expect(await send(callOf())).toBe(outcome);
  expect(terminal).toHaveBeenCalledOnce();
});

test('an upstream that answers like an error of ours is not called again for it', async () => {
  const { error } = failing('upstream_unreachable');
  const forged: Outcome = { era: 'modern', error: { ...error } as NonNullable<Outcome['error']> };
  const { send, terminal } = over(retry(true), forged);
  expect(await send(callOf())).toBe(forged);
  expect(terminal).toHaveBeenCalledOnce();
});

test('what may be repeated is, even if it may have been carried out', async () => {
  expect(await over(retry(true), failing('outcome_unknown')).send(callOf())).toBe(FINE);
});

test('a list is not', async () => {
  const { send, terminal } = over(retry(true), failing('upstream_unreachable'));
  await send(callOf(undefined, 'tools/list'));
  expect(terminal).toHaveBeenCalledOnce();
});

test('nothing is repeated past its time, or when its client is gone', async () => {
  const out = failing('upstream_unreachable');
  const late = retryCalls({ retries: 9, withinMs: 1, isRepeatable: () => true, pauseMs: 10 });
  expect(await over(late, out).send(callOf())).toBe(out);
  let cancel = (): void => undefined;
  const exchange = {
    ...NOBODY,
    cancelled: false,
    onCancel(listener: (reason: undefined) => void) {
      cancel = () => listener(undefined);
    },
  };
  const { send, terminal } = over(
    retryCalls({ retries: 9, withinMs: 1e6, isRepeatable: () => true, pauseMs: 1e5 }),
    out,
  );
  const sent = send({ ...callOf(), exchange });
  await vi.waitFor(() => expect(terminal).toHaveBeenCalled());
  exchange.cancelled = true;
  cancel();
  expect(await sent).toBe(out);
});
