import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDeadlines } from './rpc-link-deadlines.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watched(timeoutMs = 1600) {
  const expired: string[] = [];
  const deadlines = createDeadlines<{ name: string; deadline: number; slot: number }>(timeoutMs, ({ name }) =>
    expired.push(name),
  );
  return { expired, deadlines, item: (name: string) => ({ name, deadline: 0, slot: -1 }) };
}

it('expires what is not stopped, not before its time and at most a little after', () => {
  const { deadlines, expired, item } = watched();
  const stopped = item('stopped');
  deadlines.start(item('left'));
  deadlines.start(stopped);
  vi.advanceTimersByTime(800);
  deadlines.stop(stopped);
  vi.advanceTimersByTime(800);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(200);
  expect(expired).toEqual(['left']);
});

it('gives the whole time again on a restart, and none while paused', () => {
  const { deadlines, expired, item } = watched();
  const restarted = item('restarted');
  const paused = item('paused');
  deadlines.start(restarted);
  deadlines.start(paused);
  deadlines.pause(paused);
  vi.advanceTimersByTime(1500);
  deadlines.start(restarted);
  vi.advanceTimersByTime(1500);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(300);
  expect(expired).toEqual(['restarted']);
  expect([...deadlines.items]).toEqual([paused]);
});

it('has no timer while nothing is watched', () => {
  const { deadlines, item } = watched();
  const only = item('only');
  deadlines.start(only);
  expect(vi.getTimerCount()).toBe(1);
  deadlines.stop(only);
  vi.advanceTimersByTime(200);
  expect(vi.getTimerCount()).toBe(0);
});
