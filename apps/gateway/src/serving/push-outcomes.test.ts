import type { Logger } from 'pino';
import { expect, it } from 'vitest';
import { createPushOutcomes } from './push-outcomes.ts';

function started(isCounting = true) {
  const logged: unknown[] = [];
  const log = { warn: (fields: object) => void logged.push(fields) } as Pick<Logger, 'warn'> as Logger;
  const { observe, counts } = createPushOutcomes(log, isCounting);
  const at = (receiver: string, outcome: 'delivered' | 'failed' | 'dropped'): void =>
    observe({ outcome, receiver, taskId: 't', ...(outcome === 'failed' && { reason: 'HTTP 500', attempts: 4 }) });
  return { at, counts, logged };
}

it('a receiver that fails is logged once, and again when it had recovered', () => {
  const { at, counts, logged } = started();
  const failure = { receiver: 'https://a', taskId: 't', reason: 'HTTP 500', attempts: 4 };
  for (let n = 0; n < 3; n += 1) at('https://a', 'failed');
  at('https://b', 'delivered');
  at('https://a', 'dropped');
  expect(logged).toEqual([failure]);
  at('https://a', 'delivered');
  at('https://a', 'failed');
  expect(logged).toEqual([failure, failure]);
  expect(counts).toEqual({ delivered: 2, failed: 4, dropped: 1 });
});

it('where nothing is counted, failures are logged all the same', () => {
  const { at, counts, logged } = started(false);
  at('https://a', 'failed');
  expect([counts, logged.length]).toEqual([{ delivered: 0, failed: 0, dropped: 0 }, 1]);
});
