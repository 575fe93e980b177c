/** @module Arithmetic on metrics, each for itself. */
import type { Metrics, Result } from '../cells.ts';

/** Baselines before and after may differ by this share of the lower one; more means that the machine was busy. */
const MAX_DRIFT = 0.25;

/** The mean of each metric. */
export function meanOf(samples: readonly Metrics[]): Metrics {
  return combine(samples, (values) => values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** The median of each metric. */
export function medianOf(samples: readonly Metrics[]): Metrics {
  return combine(samples, medianOfNumbers);
}

/** The median; NaN of nothing. */
export function medianOfNumbers(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** Each metric of `one` divided by that of `other`. */
export function ratioOf(one: Metrics, other: Metrics): Metrics {
  return combine([one, other], ([a = NaN, b = NaN]) => a / b);
}

/** Whether the throughput of baselines agrees; that of none does. */
export function isSteady(baselines: readonly Metrics[]): boolean {
  const rates = baselines.map(({ rps }) => rps);
  return Math.max(...rates) <= Math.min(...rates) * (1 + MAX_DRIFT);
}

/** The median of a cell's rounds; unsteady rounds count only when there is no other. */
export function summarise(rounds: readonly Result[]): Result {
  const steady = rounds.filter((round) => round.steady);
  const counted = steady.length > 0 ? steady : rounds;
  const medianIfAny = (samples: readonly Metrics[]) => (samples.length > 0 ? medianOf(samples) : undefined);
  return {
    value: medianOf(counted.map(({ value }) => value)),
    toRaw: medianIfAny(counted.flatMap(({ toRaw }) => toRaw ?? [])),
    toBare: medianIfAny(counted.flatMap(({ toBare }) => toBare ?? [])),
    steady: steady.length > 0,
  };
}

/** Applies `fold` to all values of one metric; a metric that one sample lacks is absent. */
function combine(samples: readonly Metrics[], fold: (values: number[]) => number): Metrics {
  const all = (key: keyof Metrics) => {
    const values = samples.flatMap((sample) => sample[key] ?? []);
    return values.length === samples.length ? fold(values) : undefined;
  };
  return {
    rps: all('rps') ?? NaN,
    p50Ms: all('p50Ms') ?? NaN,
    p99Ms: all('p99Ms') ?? NaN,
    cpuUs: all('cpuUs'),
    rssMb: all('rssMb'),
    startMs: all('startMs'),
  };
}
