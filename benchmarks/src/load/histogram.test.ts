import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

function of(...durations: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const ms of durations) histogram.record(ms);
  return histogram;
}

describe('a histogram', () => {
  it('has no percentile while it is empty', () => {
    expect(of().percentile(0.5)).toBeNaN();
  });

  it('is exact for short durations', () => {
    const histogram = of(...Array.from({ length: 100 }, (_, index) => (index + 1) / 1000));
    expect(histogram.total).toBe(100);
    expect([0, 0.5, 0.99, 1].map((share) => histogram.percentile(share))).toEqual([0.001, 0.05, 0.099, 0.1]);
  });

  it.each([0.255, 0.256, 0.511, 0.512, 1, 7.777, 65.536, 1234.567, 3_600_000])('keeps %d ms within 0.4 %%', (ms) => {
    const found = of(ms).percentile(0.5);
    expect(Math.abs(found - ms) / ms).toBeLessThanOrEqual(0.004);
  });

  it('agrees with sorting', () => {
    const durations = Array.from({ length: 5000 }, (_, index) => 0.05 + ((index * 7919) % 5000) ** 2 / 1e5);
    const sorted = durations.toSorted((a, b) => a - b);
    const histogram = of(...durations);
    for (const share of [0.1, 0.5, 0.9, 0.99, 0.999]) {
      const exact = sorted[Math.ceil(share * 5000) - 1] ?? NaN;
      expect(Math.abs(histogram.percentile(share) - exact) / exact).toBeLessThan(0.01);
    }
  });
});
