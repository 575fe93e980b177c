import { afterEach, describe, expect, it, vi } from 'vitest';
import { deferred, HttpClient, type MemoryReply, settled, SWEEP_MS } from './edge.fixture.ts';
import type { Answer, Ask, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { ASK_TIMEOUT_MS, MAX_ASKS } from './legacy-asks.ts';
import { resultOutcome } from './outcome.ts';

/** How long a client has to come back. */
const RESUME_MS = 60_000;

const ALL = { elicitation: {}, sampling: {}, roots: {} };
const ROOTS: Ask = { method: 'roots/list', params: undefined };

/** A client in a session; calling the tool asks the client, and answers with what it said. */
async function asking(capabilities: unknown = ALL, ask: Ask = ROOTS): Promise<HttpClient> {
  const client = new HttpClient();
  client.endpoint.handlers.set('tools/call', async (_request, exchange) => outcomeOf(await exchange.ask(ask)));
  await client.initialize('2025-11-25', capabilities);
  return client;
}

function outcomeOf(answer: Answer): Outcome {
  if (answer.error !== undefined) return { era: 'legacy', error: answer.error };
  return resultOutcome(answer.result, 'legacy');
}

function call(client: HttpClient, id: unknown = 'call'): MemoryReply {
  return client.request('tools/call', { name: 'a' }, id);
}

function answer(client: HttpClient, id: unknown, rest: object = { result: { roots: [] } }): MemoryReply {
  return client.post({ jsonrpc: '2.0', id, ...rest });
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a question to a legacy client', () => {
  it('goes out on the stream of the call that caused it, under an id of ours; the answer comes back', async () => {
    const client = await asking();
    const standing = client.get();
    const reply = call(client);
    const [asked] = await reply.hasEvents(1);
    expect(asked).toEqual({ jsonrpc: '2.0', id: 1, method: 'roots/list' });
    expect(standing.events).toEqual([]);
    expect(answer(client, 1, { result: { roots: [], x: 1 } })).toMatchObject({ status: 202 });
    expect((await reply.ended()).answer).toEqual({ jsonrpc: '2.0', id: 'call', result: { roots: [], x: 1 } });
  });

  it('may be answered by an error', async () => {
    const client = await asking();
    const reply = call(client);
    await reply.hasEvents(1);
    answer(client, 1, { error: { code: -1, message: 'no', data: 5 } });
    expect((await reply.ended()).answer).toMatchObject({ error: { code: -1, message: 'no', data: 5 } });
  });

  it('is told apart from those of other calls', async () => {
    const client = await asking();
    const [one, two] = [call(client, 'one'), call(client, 'two')];
    await two.hasEvents(1);
    answer(client, 2, { result: { of: 2 } });
    answer(client, 1, { result: { of: 1 } });
    expect((await one.ended()).answer).toMatchObject({ result: { of: 1 } });
    expect((await two.ended()).answer).toMatchObject({ result: { of: 2 } });
  });

  it('outlives other calls', async () => {
    const client = await asking();
    const [one, two] = [call(client, 'one'), call(client, 'two')];
    await two.hasEvents(1);
    client.notify('notifications/cancelled', { requestId: 'one' });
    expect(one.isEnded).toBe(true);
    answer(client, 2);
    expect((await two.ended()).answer).toMatchObject({ result: { roots: [] } });
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    const client = await asking();
    const reply = call(client);
    await reply.hasEvents(1);
    answer(client, 1);
    await reply.ended();
    client.delete();
    vi.advanceTimersByTime(SWEEP_MS);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['an id that is not open', 99],
    ['an id of another type', '1'],
  ])('is not answered by %s, which is accepted all the same', async (_what, id) => {
    const client = await asking();
    const reply = call(client);
    await reply.hasEvents(1);
    expect(answer(client, id)).toMatchObject({ status: 202 });
    await settled();
    expect(reply.isEnded).toBe(false);
  });

  it('is answered once: the second answer is dropped', async () => {
    const client = await asking();
    const reply = call(client);
    await reply.hasEvents(1);
    answer(client, 1, { result: { first: true } });
    answer(client, 1, { result: { second: true } });
    expect((await reply.ended()).answer).toMatchObject({ result: { first: true } });
  });

  it('is not answered from another session', async () => {
    const client = await asking();
    const other = new HttpClient(client.endpoint, client.edge);
    await other.initialize('2025-11-25', ALL);
    const reply = call(client);
    await reply.hasEvents(1);
    expect(answer(other, 1)).toMatchObject({ status: 202 });
    await settled();
    expect(reply.isEnded).toBe(false);
  });

  it.each<[string, unknown, Ask]>([
    ['an undeclared capability', { sampling: {} }, ROOTS],
    ['a declared capability that is no object', { roots: true }, ROOTS],
    ['a method that clients do not have', ALL, { method: 'tools/list', params: undefined }],
    [
      'a URL where only forms are declared',
      ALL,
      { method: 'elicitation/create', params: JsonText.of({ mode: 'url' }) },
    ],
    [
      'a form where only URLs are declared',
      { elicitation: { url: {} } },
      { method: 'elicitation/create', params: undefined },
    ],
  ])('is not put for %s', async (_what, capabilities, ask) => {
    const reply = await call(await asking(capabilities, ask)).ended();
    expect(reply).toMatchObject({ isStream: false, answer: { error: { code: -32600 } } });
  });

  it.each<[string, unknown, Ask]>([
    ['ping, which needs no capability', {}, { method: 'ping', params: undefined }],
    ['a form, by an empty capability', ALL, { method: 'elicitation/create', params: JsonText.of({ message: 'm' }) }],
    [
      'a URL, by its capability',
      { elicitation: { url: {} } },
      { method: 'elicitation/create', params: JsonText.of({ mode: 'url' }) },
    ],
    ['sampling', ALL, { method: 'sampling/createMessage', params: JsonText.of({}) }],
  ])('is put for %s', async (_what, capabilities, ask) => {
    const [asked] = await call(await asking(capabilities, ask)).hasEvents(1);
    expect(asked).toMatchObject({ method: ask.method });
  });

  it('is not put to a client that takes JSON only', async () => {
    const client = await asking();
    client.headers = { ...client.headers, accept: 'application/json' };
    expect(await call(client).ended()).toMatchObject({ isStream: false, answer: { error: { code: -32600 } } });
  });

  it('ends in time, and the client is told to forget it', async () => {
    vi.useFakeTimers();
    const client = await asking();
    const reply = call(client);
    await reply.hasEvents(1);
    await vi.advanceTimersByTimeAsync(ASK_TIMEOUT_MS);
    expect(reply.parsedEvents).toMatchObject([
      { id: 1 },
      { method: 'notifications/cancelled', params: { requestId: 1 } },
      { id: 'call', error: { code: -32600 } },
    ]);
  });

  it('ends when the client disconnects and does not come back, because nobody is left to answer', async () => {
    const client = await asking();
    vi.useFakeTimers();
    const answered = deferred<Answer[]>();
    client.endpoint.handlers.set('tools/call', async (_request, exchange) => {
      const answers = [await exchange.ask(ROOTS), await exchange.ask(ROOTS)];
      answered.resolve(answers);
      return outcomeOf(answers[1] as Answer);
    });
    const reply = call(client);
    await reply.hasEvents(1);
    reply.close();
    vi.advanceTimersByTime(RESUME_MS);
    expect(await answered.promise).toMatchObject([
      { error: { message: 'The client has disconnected' } },
      { error: { code: -32600 } },
    ]);
    expect(reply.events).toHaveLength(1);
  });

  it.each([
    ['its call is cancelled', (client: HttpClient) => client.notify('notifications/cancelled', { requestId: 'call' })],
    ['its session ends', (client: HttpClient) => client.delete()],
  ])('ends when %s', async (_what, end) => {
    const client = await asking();
    const answered = deferred<Answer>();
    client.endpoint.handlers.set('tools/call', async (_request, exchange) => {
      const given = await exchange.ask(ROOTS);
      answered.resolve(given);
      return outcomeOf(given);
    });
    const reply = call(client);
    await reply.hasEvents(1);
    end(client);
    expect(await answered.promise).toMatchObject({ error: { code: -32600 } });
    expect(reply.isEnded).toBe(true);
  });

  it('is withdrawn when its call ends without it', async () => {
    const client = await asking();
    client.endpoint.handlers.set('tools/call', async (_request, exchange) => {
      void exchange.ask(ROOTS);
      return resultOutcome(new JsonText('{}'), 'legacy');
    });
    const reply = await call(client).ended();
    expect(reply.parsedEvents).toMatchObject([{ id: 1 }, { method: 'notifications/cancelled' }, { id: 'call' }]);
  });

  it('is refused when too many are open', async () => {
    const client = await asking();
    for (let n = 0; n < MAX_ASKS; n += 1) call(client, n);
    await settled();
    expect(await call(client, 'more').ended()).toMatchObject({ answer: { id: 'more', error: { code: -32600 } } });
  });
});

describe('a question outside of any call', () => {
  it('goes out on the standing stream', async () => {
    const client = await asking();
    const stream = client.get();
    const answered = client.endpoint.heard[0]?.listener.ask?.(ROOTS);
    expect(stream.parsedEvents).toEqual([{ jsonrpc: '2.0', id: 1, method: 'roots/list' }]);
    answer(client, 1);
    expect(await answered).toMatchObject({ result: { value: { roots: [] } } });
  });

  it('survives a reconnect of that stream', async () => {
    const client = await asking();
    client.get().close();
    const first = client.get();
    const answered = client.endpoint.heard[1]?.listener.ask?.(ROOTS);
    first.close();
    client.get();
    answer(client, 1);
    expect(await answered).toMatchObject({ result: { value: { roots: [] } } });
  });

  it('is refused without a stream or without the capability', async () => {
    const client = await asking({ roots: {} });
    vi.useFakeTimers();
    client.get().close();
    vi.advanceTimersByTime(RESUME_MS);
    expect(await client.endpoint.heard[0]?.listener.ask?.(ROOTS)).toMatchObject({ error: { code: -32600 } });
    client.get();
    const sampling = { method: 'sampling/createMessage', params: undefined };
    expect(await client.endpoint.heard[1]?.listener.ask?.(sampling)).toMatchObject({ error: { code: -32600 } });
  });

  it('is not offered where the client can be asked nothing', async () => {
    const client = await asking({});
    client.get();
    expect(client.endpoint.heard[0]?.listener).not.toHaveProperty('ask');
  });
});
