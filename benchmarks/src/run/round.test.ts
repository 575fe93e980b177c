import { describe, expect, it } from 'vitest';
import type { Case, Metrics } from '../cells.ts';
import { measureRound } from './round.ts';
import type { Target } from './targets.ts';

const target = (name: Case): Target => ({
  case: name,
  reach: { era: 'modern', url: 'http://127.0.0.1', headers: {}, pid: 1 },
  profileFolder: undefined,
  callFor: () => ({ method: 'ping', params: {} }),
  stop: async () => {},
});

/** Measures by a list of rates, in the order in which they are asked for; NaN is a failure. */
function measureBy(rates: readonly number[]) {
  const order: Case[] = [];
  const measure = async ({ case: name }: Target): Promise<Metrics> => {
    const rps = rates[order.push(name) - 1] ?? NaN;
    if (Number.isNaN(rps)) throw new Error('no answer');
    return { rps, p50Ms: 1, p99Ms: 1 };
  };
  return { order, measure };
}

describe('a round', () => {
  it('compares each case with the baselines right before and right after it', async () => {
    const { order, measure } = measureBy([100, 50, 110, 90, 200, 100]);
    const [raw, bare, gateway] = [target('raw'), target('bare'), target('gateway')];
    const results = await measureRound({ raw, bare, others: [gateway] }, measure, expect.fail);
    expect(order).toEqual(['raw', 'bare', 'gateway', 'raw', 'bare']);
    expect(results.get('gateway')).toMatchObject({
      toRaw: { rps: 110 / 95 },
      toBare: { rps: 110 / 125 },
      steady: false,
    });
    expect([...results.keys()]).toEqual(['gateway', 'raw', 'bare']);
  });

  it('goes on without a case that cannot be measured', async () => {
    const { order, measure } = measureBy([100, NaN, 120, 80, 100]);
    const failed: unknown[] = [];
    const others = [target('mcp-proxy'), target('translate')];
    const results = await measureRound(
      { bare: target('bare-bridge'), others },
      measure,
      (name) => void failed.push(name),
    );
    expect(order).toEqual(['bare-bridge', 'mcp-proxy', 'bare-bridge', 'translate', 'bare-bridge']);
    expect([...results.keys()]).toEqual(['translate', 'bare-bridge']);
    expect(failed).toEqual(['mcp-proxy']);
  });

  it('ends when a baseline cannot be measured', async () => {
    const { measure } = measureBy([100, 80, NaN]);
    const round = measureRound({ bare: target('bare-bridge'), others: [target('translate')] }, measure, expect.fail);
    await expect(round).rejects.toThrow('no answer');
  });

  it('has no ratio to what does not take part', async () => {
    const { measure } = measureBy([100, 80, 120]);
    const field = { bare: target('bare-bridge'), others: [target('translate')] };
    const results = await measureRound(field, measure, expect.fail);
    expect(results.get('translate')).toMatchObject({ toRaw: undefined, toBare: { rps: 80 / 110 }, steady: true });
    expect(results.has('raw')).toBe(false);
  });
});
