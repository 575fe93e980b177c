import { describe, expect, it } from 'vitest';
import type { Metrics, Result } from '../cells.ts';
import { isSteady, meanOf, medianOf, ratioOf, summarise } from './metrics.ts';

const metrics = (rps: number, rest: Partial<Metrics> = {}): Metrics => ({ rps, p50Ms: 1, p99Ms: 2, ...rest });

describe('metrics', () => {
  it('are averaged, divided and ranked each for itself', () => {
    expect(meanOf([metrics(100, { p50Ms: 2 }), metrics(200, { p50Ms: 4 })])).toMatchObject({ rps: 150, p50Ms: 3 });
    expect(ratioOf(metrics(50, { cpuUs: 90 }), metrics(100, { cpuUs: 30 }))).toMatchObject({ rps: 0.5, cpuUs: 3 });
    expect(medianOf([metrics(9), metrics(1), metrics(2)]).rps).toBe(2);
    expect(medianOf([metrics(9), metrics(1), metrics(2), metrics(4)]).rps).toBe(3);
  });

  it('that one sample lacks are absent', () => {
    expect(meanOf([metrics(1, { cpuUs: 5 }), metrics(1)]).cpuUs).toBeUndefined();
  });

  it('count as steady while baselines differ by a quarter at most', () => {
    expect(isSteady([metrics(100), metrics(125)])).toBe(true);
    expect(isSteady([metrics(126), metrics(100)])).toBe(false);
  });
});

describe('the summary of rounds', () => {
  const round = (rps: number, steady: boolean): Result => ({
    value: metrics(rps),
    toRaw: metrics(rps / 100),
    toBare: undefined,
    steady,
  });

  it('leaves unsteady rounds out', () => {
    const { value, toRaw, steady } = summarise([round(100, true), round(900, false), round(200, true)]);
    expect([value.rps, toRaw?.rps, steady]).toEqual([150, 1.5, true]);
  });

  it('says so when every round was unsteady', () => {
    expect(summarise([round(100, false)])).toMatchObject({ value: { rps: 100 }, toBare: undefined, steady: false });
  });
});
