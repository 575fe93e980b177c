import { type Client, type Exchange, type Endpoint, JsonText, type Outcome, type Relay } from '@forge/protocol';
import { expect, it, vi } from 'vitest';
import { createEndpointPool } from './endpoint-pool.ts';

const client: Client = {
  era: 'modern',
  protocolVersion: '2026-07-28',
  caller: { id: 'a' },
  capabilities: new JsonText('{}'),
};
const exchange: Exchange = { note() {}, ask: () => Promise.reject(new Error('no')), cancelled: false, onCancel() {} };
const DONE: Outcome = { era: 'modern', result: new JsonText('{}') };

/** A relay that answers when told to, and remembers whether it was closed. */
function relay() {
  const state = { closed: false, answer: (): void => undefined };
  const promise = new Promise<Outcome>((resolve) => (state.answer = () => resolve(DONE)));
  const endpoint = {
    key: 'k',
    describe: () => Promise.reject(new Error('no')),
    handle: () => promise,
    paramHeaders: () => undefined,
    listen: () => ({ update() {}, close() {} }),
    sessionEnded() {},
    upstream: { close: async () => void (state.closed = true) },
  } as unknown as Relay;
  return { endpoint, state };
}

const call = (endpoint: Endpoint) => endpoint.handle({ method: 'tools/call', params: undefined, client }, exchange);

it('the same key has the same endpoint, and the longest idle one makes room', async () => {
  const pool = createEndpointPool({ max: 2, idleMs: 1000 });
  const [one, two, three] = [relay(), relay(), relay()];
  const first = pool.get('1', () => one.endpoint);
  pool.get('2', () => two.endpoint);
  expect(pool.get('1', () => three.endpoint)).toBe(first);
  pool.get('3', () => three.endpoint);
  expect([one, two, three].map(({ state }) => state.closed)).toEqual([false, true, false]);
  await pool.close();
  expect([one, two, three].map(({ state }) => state.closed)).toEqual([true, true, true]);
});

it('one in use never makes room: a call in flight or a listener', async () => {
  const pool = createEndpointPool({ max: 2, idleMs: 1000 });
  const [busy, heard, next] = [relay(), relay(), relay()];
  const calling = call(pool.get('1', () => busy.endpoint));
  const listening = pool.get('2', () => heard.endpoint).listen(client, {}, { note() {} });
  expect(() => pool.get('3', () => next.endpoint)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  busy.state.answer();
  await calling;
  listening.close();
  pool.get('3', () => next.endpoint);
  expect([busy, heard].map(({ state }) => state.closed)).toEqual([true, false]);
});

it('one that nobody uses is closed after a while', () => {
  vi.useFakeTimers();
  try {
    const pool = createEndpointPool({ max: 2, idleMs: 1000 });
    const [idle, busy] = [relay(), relay()];
    pool.get('1', () => idle.endpoint);
    void call(pool.get('2', () => busy.endpoint));
    vi.advanceTimersByTime(3000);
    expect([idle, busy].map(({ state }) => state.closed)).toEqual([true, false]);
  } finally {
    vi.useRealTimers();
  }
});
