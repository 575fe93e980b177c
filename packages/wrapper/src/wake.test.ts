import { afterEach, describe, expect, it, vi } from 'vitest';
import { watchForWake } from './wake.ts';

describe('a sleep of the machine', () => {
  afterEach(() => vi.useRealTimers());

  it('is noticed once, by a timer that comes too late', () => {
    vi.useFakeTimers();
    let slept = 0;
    const onWake = vi.fn<(ms: number) => void>();
    const end = watchForWake(onWake, () => Date.now() + slept);
    vi.advanceTimersByTime(60_000);
    slept = 3_600_000;
    vi.advanceTimersByTime(60_000);
    expect(onWake.mock.calls).toEqual([[3_600_000]]);
    end();
    slept *= 2;
    vi.advanceTimersByTime(60_000);
    expect(onWake).toHaveBeenCalledTimes(1);
  });
});
