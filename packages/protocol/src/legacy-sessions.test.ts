import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deferred, HttpClient, MemoryEndpoint } from './edge.fixture.ts';
import { createHttpEdge, type HttpEdge } from './edge-http.ts';
import type { Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { resultOutcome } from './outcome.ts';

const MINUTE = 60_000;

let endpoint: MemoryEndpoint;
beforeEach(() => {
  vi.useFakeTimers();
  endpoint = new MemoryEndpoint();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A client that tried to open a session. */
async function join(edge: HttpEdge): Promise<HttpClient> {
  const client = new HttpClient(endpoint, edge);
  await client.initialize();
  return client;
}

function isAlive(client: HttpClient): boolean {
  return client.request('ping').status === 200;
}

describe('a store of sessions', () => {
  it('lets the one that has been idle for longest go when it is full', async () => {
    const edge = createHttpEdge({ sessions: { max: 2 } });
    const [first, second] = [await join(edge), await join(edge)];
    vi.advanceTimersByTime(1);
    expect(isAlive(first)).toBe(true);
    const third = await join(edge);
    expect(edge.sessions).toBe(2);
    expect(endpoint.ended).toEqual([second.headers['mcp-session-id']]);
    expect([first, second, third].map(isAlive)).toEqual([true, false, true]);
  });

  it('never lets one go that has a stream or a request in flight', async () => {
    const edge = createHttpEdge({ sessions: { max: 3 } });
    const [streaming, calling, idle] = [await join(edge), await join(edge), await join(edge)];
    endpoint.handlers.set('tools/call', () => new Promise(() => {}));
    streaming.get();
    calling.request('tools/call', { name: 'a' });
    isAlive(idle);
    await join(edge);
    expect(endpoint.ended).toEqual([idle.headers['mcp-session-id']]);
  });

  it('refuses the next one with Retry-After when all are in use', async () => {
    const edge = createHttpEdge({ sessions: { max: 1 } });
    (await join(edge)).get();
    const reply = await new HttpClient(endpoint, edge).initialize();
    expect(reply).toMatchObject({ status: 503, headers: { 'Retry-After': '10' }, answer: { id: 'init' } });
    expect(edge.sessions).toBe(1);
  });

  it('holds 10,000 by default, and not one more', async () => {
    const edge = createHttpEdge();
    const first = await join(edge);
    for (let n = 1; n < 10_000; n += 1) await join(edge);
    expect(edge.sessions).toBe(10_000);
    expect(endpoint.ended).toEqual([]);
    await join(edge);
    expect(edge.sessions).toBe(10_000);
    expect(endpoint.ended).toEqual([first.headers['mcp-session-id']]);
  });

  it('ends what nobody has used for half an hour, and keeps what somebody has', async () => {
    const edge = createHttpEdge();
    const [idle, used, streaming] = [await join(edge), await join(edge), await join(edge)];
    streaming.get();
    vi.advanceTimersByTime(29 * MINUTE);
    expect(isAlive(used)).toBe(true);
    vi.advanceTimersByTime(2 * MINUTE);
    expect(edge.sessions).toBe(2);
    expect(endpoint.ended).toEqual([idle.headers['mcp-session-id']]);
  });

  it('counts from the end of the last call or stream, not from its beginning', async () => {
    const edge = createHttpEdge({ sessions: { idleMs: 10 * MINUTE } });
    const [calling, streaming] = [await join(edge), await join(edge)];
    const outcome = deferred<Outcome>();
    endpoint.handlers.set('tools/call', () => outcome.promise);
    const call = calling.request('tools/call', { name: 'a' });
    const stream = streaming.get();
    vi.advanceTimersByTime(60 * MINUTE);
    outcome.resolve(resultOutcome(new JsonText('{}'), 'legacy'));
    await call.ended();
    stream.close();
    vi.advanceTimersByTime(9 * MINUTE);
    expect(edge.sessions).toBe(2);
    vi.advanceTimersByTime(2 * MINUTE);
    expect(edge.sessions).toBe(0);
  });

  it('has a timer only while it has sessions', async () => {
    const edge = createHttpEdge();
    expect(vi.getTimerCount()).toBe(0);
    const client = await join(edge);
    await join(edge);
    expect(vi.getTimerCount()).toBe(1);
    client.delete();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(31 * MINUTE);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends all when it closes, and takes no more', async () => {
    const edge = createHttpEdge();
    const client = await join(edge);
    const stream = client.get();
    await edge.close();
    expect(stream.isEnded).toBe(true);
    expect(endpoint.ended).toEqual([client.headers['mcp-session-id']]);
    expect(await new HttpClient(endpoint, edge).initialize()).toMatchObject({ status: 503 });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes its ids from whoever gives them', async () => {
    const edge = createHttpEdge({ newSessionId: () => 'node-1.abc' });
    expect((await join(edge)).headers).toEqual({ 'mcp-session-id': 'node-1.abc' });
  });

  it('remembers capabilities to the character, in any script', async () => {
    const client = new HttpClient(endpoint, createHttpEdge());
    const padding = 'x'.repeat(1000);
    endpoint.handlers.set('tools/list', (request) => resultOutcome(request.client.capabilities, 'legacy'));
    await client.initialize('2025-11-25', { experimental: { ключ: { padding } } });
    const reply = await client.request('tools/list').ended();
    expect(reply.answer).toMatchObject({ result: { experimental: { ключ: { padding } } } });
  });
});
