import { afterEach, describe, expect, it, vi } from 'vitest';
import { BOB, deferred, HttpClient, MemoryEndpoint, type MemoryReply, settled } from './edge.fixture.ts';
import { createHttpEdge } from './edge-http.ts';
import { MAX_KEPT_CHARS, MAX_KEPT_EVENTS } from './event-store.ts';
import type { Exchange, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { DETACHED_MS } from './legacy-session.ts';
import { resultOutcome } from './outcome.ts';

const DONE = resultOutcome(new JsonText('{"content":[]}'), 'legacy');
const SILENT_MS = 11_000;
const RESUME_MS = 60_000;

/** A client in a session, and one call of it that has said `1`. */
async function calling(version?: string, capabilities: unknown = {}, edge = createHttpEdge()) {
  const client = new HttpClient(new MemoryEndpoint(), edge);
  const outcome = deferred<Outcome>();
  const begun = deferred<Exchange>();
  client.endpoint.handlers.set('tools/call', (_request, given) => {
    begun.resolve(given);
    return outcome.promise;
  });
  await client.initialize(version, capabilities);
  const reply = call(client);
  const exchange = await begun.promise;
  const say = (n: number): void => exchange.note('notifications/x', JsonText.of({ n }));
  say(1);
  return { client, reply, exchange, say, finish: outcome.resolve };
}

function call(client: HttpClient, id: unknown = 'c'): MemoryReply {
  return client.request('tools/call', { name: 'a' }, id);
}

function resume(client: HttpClient, lastEventId: string | undefined): MemoryReply {
  return client.get({ 'last-event-id': lastEventId ?? 'none' });
}

/** What was said, in short: the number of a note, or what else came. */
function said(reply: MemoryReply): unknown[] {
  return reply.parsedEvents.map(
    ({ params, method, id }) => (params as { n?: number } | undefined)?.n ?? method ?? `answer ${id as string}`,
  );
}

afterEach(() => {
  vi.useRealTimers();
});

describe('the stream of a call', () => {
  it('begins with an event without data, and each event has an id of its own', async () => {
    const { reply, say, finish } = await calling();
    say(2);
    finish(DONE);
    await reply.ended();
    expect(reply.primed).toMatch(/^[0-9a-f]{8}-1-0-%22c%22$/);
    expect(new Set([reply.primed, ...reply.ids]).size).toBe(4);
  });

  it.each(['2025-03-26', '2025-06-18'])('has ids in %s too, but no event without data', async (version) => {
    const { reply } = await calling(version);
    expect(reply.primed).toBeUndefined();
    expect(reply.ids).toEqual([expect.stringMatching(/-1-1-%22c%22$/)]);
  });

  it('goes on in another response: what was missed, what follows, the answer, the end', async () => {
    const { client, reply, say, finish } = await calling();
    reply.close();
    say(2);
    const resumed = resume(client, reply.ids[0]);
    expect(said(resumed)).toEqual([2]);
    say(3);
    finish(DONE);
    await resumed.ended();
    expect(said(resumed)).toEqual([2, 3, 'answer c']);
    expect(said(reply)).toEqual([1]);
  });

  it('goes on from its very beginning', async () => {
    const { client, reply } = await calling();
    expect(said(resume(client, reply.primed))).toEqual([1]);
  });

  it('ends with its answer when that came while the client was away', async () => {
    const { client, reply, say, finish } = await calling();
    reply.close();
    say(2);
    finish(DONE);
    await settled();
    const resumed = resume(client, reply.ids[0]);
    expect(said(resumed)).toEqual([2, 'answer c']);
    expect(resumed.isEnded).toBe(true);
    expect(said(resume(client, resumed.ids[0]))).toEqual(['answer c']);
  });

  it('is over for who has had all of it: 405, which clients do not ask again', async () => {
    const { client, reply, finish } = await calling();
    finish(DONE);
    await reply.ended();
    expect(resume(client, reply.ids.at(-1))).toMatchObject({ status: 405, headers: { Allow: 'POST, DELETE' } });
  });

  it('leaves a response whose client has gone unnoticed', async () => {
    const { client, reply, say } = await calling();
    const resumed = resume(client, reply.ids[0]);
    expect(reply.isEnded).toBe(true);
    reply.close();
    say(2);
    expect(said(resumed)).toEqual([2]);
  });

  it('may be lost and found more than once', async () => {
    const { client, reply, say } = await calling();
    reply.close();
    const second = resume(client, reply.ids[0]);
    say(2);
    second.close();
    say(3);
    const third = resume(client, second.ids[0]);
    say(4);
    expect(said(third)).toEqual([3, 4]);
  });

  it('never has messages of another one', async () => {
    const { client, reply, say } = await calling();
    const standing = client.get();
    client.endpoint.heard[0]?.listener.note('notifications/tools/list_changed', undefined);
    client.endpoint.handlers.set('prompts/get', (_request, exchange) => {
      exchange.note('notifications/x', JsonText.of({ n: 'other' }));
      return DONE;
    });
    await client.request('prompts/get', { name: 'p' }, 'other').ended();
    reply.close();
    say(2);
    expect(said(resume(client, reply.primed))).toEqual([1, 2]);
    expect(said(resume(client, standing.primed))).toEqual(['notifications/tools/list_changed']);
  });

  it('is there for its own session alone', async () => {
    const { client, reply } = await calling();
    const other = new HttpClient(client.endpoint, client.edge);
    await other.initialize();
    const stolen = resume(other, reply.primed);
    expect(stolen.answer).toMatchObject({ id: 'c', error: { code: -32603 } });
    const bob = new HttpClient(client.endpoint, client.edge, BOB);
    bob.headers = client.headers;
    expect(resume(bob, reply.primed)).toMatchObject({ status: 404 });
    const elsewhere = new HttpClient(new MemoryEndpoint('two'), client.edge);
    elsewhere.headers = client.headers;
    expect(resume(elsewhere, reply.primed)).toMatchObject({ status: 404 });
    expect(reply.isEnded).toBe(false);
  });

  it('that was cancelled ends without an answer', async () => {
    const { client, reply, say } = await calling();
    reply.close();
    say(2);
    client.notify('notifications/cancelled', { requestId: 'c' });
    const resumed = resume(client, reply.ids[0]);
    expect(said(resumed)).toEqual([2]);
    expect(resumed.isEnded).toBe(true);
    expect(resume(client, resumed.ids[0])).toMatchObject({ status: 405 });
  });

  it('has an error for an answer that is too long to be kept', async () => {
    const { client, reply, finish } = await calling();
    reply.close();
    finish(resultOutcome(JsonText.of({ text: 'x'.repeat(MAX_KEPT_CHARS) }), 'legacy'));
    await settled();
    const resumed = resume(client, reply.ids[0]);
    expect(resumed.isEnded).toBe(true);
    expect(resumed.answer).toMatchObject({ id: 'c', error: { code: -32603, data: { code: 'outcome_unknown' } } });
  });

  it('has no ids where the id of its request would not fit into a header, and where it answers a batch', async () => {
    const { client, exchange } = await calling('2025-03-26');
    expect(exchange.cancelled).toBe(false);
    client.endpoint.handlers.set('tools/call', (_request, given) => {
      given.note('notifications/x', undefined);
      return DONE;
    });
    const long = await call(client, 'x'.repeat(1000)).ended();
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } };
    const batch = await client.post([message]).ended();
    expect([...long.ids, ...batch.ids]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('a call whose stream was lost', () => {
  it('goes on for a bounded time, and says so to who comes back too late', async () => {
    const { client, reply, exchange } = await calling();
    vi.useFakeTimers();
    reply.close();
    vi.advanceTimersByTime(RESUME_MS + DETACHED_MS - 1);
    expect(exchange.cancelled).toBe(false);
    vi.advanceTimersByTime(1);
    expect(exchange.cancelled).toBe(true);
    expect(resume(client, reply.ids[0]).answer).toMatchObject({ id: 'c', error: { code: -32800 } });
  });

  it('is waited for no more once its client is back', async () => {
    const { client, reply, exchange, say } = await calling();
    vi.useFakeTimers();
    reply.close();
    vi.advanceTimersByTime(RESUME_MS + DETACHED_MS - 1);
    const resumed = resume(client, reply.ids[0]);
    vi.advanceTimersByTime(DETACHED_MS);
    expect(exchange.cancelled).toBe(false);
    say(2);
    expect(said(resumed)).toEqual([2]);
  });

  it('keeps its questions for a while, and the client that comes back finds them', async () => {
    const { client, reply, exchange, finish } = await calling('2025-11-25', { roots: {} });
    reply.close();
    const answered = exchange.ask({ method: 'roots/list', params: undefined });
    const resumed = resume(client, reply.ids[0]);
    expect(resumed.answer).toMatchObject({ id: 1, method: 'roots/list' });
    client.post({ jsonrpc: '2.0', id: 1, result: { roots: [] } });
    expect(await answered).toMatchObject({ result: { value: { roots: [] } } });
    finish(DONE);
    expect(said(await resumed.ended())).toEqual(['roots/list', 'answer c']);
  });

  it('asks nothing more of a client that stays away, until it is back', async () => {
    const { client, reply, exchange } = await calling('2025-11-25', { roots: {} });
    vi.useFakeTimers();
    const before = exchange.ask({ method: 'roots/list', params: undefined });
    reply.close();
    vi.advanceTimersByTime(RESUME_MS);
    expect(await before).toMatchObject({ error: { message: 'The client has disconnected' } });
    expect(await exchange.ask({ method: 'roots/list', params: undefined })).toHaveProperty('error');
    const resumed = resume(client, reply.ids.at(-1));
    expect(said(resumed)).toEqual(['notifications/cancelled']);
    void exchange.ask({ method: 'roots/list', params: undefined });
    expect(said(resumed)).toEqual(['notifications/cancelled', 'roots/list']);
  });

  it('leaves nothing behind when its session ends', async () => {
    vi.useFakeTimers();
    const { client, reply, exchange } = await calling();
    client.get().close();
    reply.close();
    client.delete();
    expect(exchange.cancelled).toBe(true);
    vi.advanceTimersByTime(1000);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a call that nobody here knows', () => {
  it('is answered with an error after a restart, once', async () => {
    const edge = () => createHttpEdge({ sessions: { key: new Uint8Array(32).fill(7) } });
    const { client, reply } = await calling('2025-11-25', {}, edge());
    const restarted = new HttpClient(new MemoryEndpoint(), edge());
    restarted.headers = client.headers;
    const resumed = await resume(restarted, reply.ids[0]).ended();
    expect(resumed.isEnded).toBe(true);
    expect(resumed.answer).toMatchObject({
      id: 'c',
      error: {
        code: -32603,
        message: 'The gateway was restarted while this call was in flight; its outcome is unknown',
        data: { code: 'outcome_unknown' },
      },
    });
    expect(resume(restarted, resumed.ids[0])).toMatchObject({ status: 405 });
  });

  it('is answered with another one when its events had to make room', async () => {
    const { client, reply, finish } = await calling();
    reply.close();
    finish(DONE);
    await settled();
    client.get();
    const listener = client.endpoint.heard[0]?.listener;
    for (let n = 0; n < MAX_KEPT_EVENTS; n += 1) listener?.note('notifications/tools/list_changed', undefined);
    const resumed = resume(client, reply.ids[0]);
    expect(resumed.answer).toMatchObject({ id: 'c', error: { data: { code: 'outcome_unknown' } } });
    expect((resumed.answer as { error: Error }).error.message).not.toContain('restarted');
  });
});

describe('the standing stream', () => {
  async function listening() {
    const client = new HttpClient();
    await client.initialize();
    const stream = client.get();
    const note = (n: number): void =>
      client.endpoint.heard
        .filter(({ closed }) => !closed)
        .forEach(({ listener }) => listener.note('notifications/x', JsonText.of({ n })));
    return { client, stream, note };
  }

  it('is primed, and goes on with what its client has missed', async () => {
    const { client, stream, note } = await listening();
    expect(stream.primed).toMatch(/^[0-9a-f]{8}-1-0$/);
    note(1);
    stream.close();
    note(2);
    const resumed = resume(client, stream.ids[0]);
    note(3);
    expect(said(resumed)).toEqual([2, 3]);
    expect(client.endpoint.heard.filter(({ closed }) => !closed)).toHaveLength(1);
  });

  it('is listened for a while only; a client that comes back later goes on from there', async () => {
    const { client, stream, note } = await listening();
    vi.useFakeTimers();
    stream.close();
    note(1);
    vi.advanceTimersByTime(RESUME_MS);
    note(2);
    const resumed = resume(client, stream.primed);
    note(3);
    expect(said(resumed)).toEqual([1, 3]);
    vi.advanceTimersByTime(RESUME_MS);
    note(4);
    expect(said(resumed)).toEqual([1, 3, 4]);
  });

  it('begins anew without an id, and what the former one has said is not its own', async () => {
    const { client, stream, note } = await listening();
    stream.close();
    note(1);
    const fresh = client.get();
    note(2);
    expect(said(fresh)).toEqual([2]);
    expect(resume(client, stream.primed)).toMatchObject({ status: 405 });
    expect(fresh.isEnded).toBe(false);
  });

  it('begins anew after a restart', async () => {
    const { client } = await listening();
    const resumed = resume(client, '00000000-1-5');
    expect(resumed).toMatchObject({ isStream: true, isEnded: false });
    expect(resumed.primed).toMatch(/-2-0$/);
  });

  it('carries a question to the client that comes back', async () => {
    const client = new HttpClient();
    await client.initialize('2025-11-25', { roots: {} });
    const stream = client.get();
    stream.close();
    const answered = client.endpoint.heard[0]?.listener.ask?.({ method: 'roots/list', params: undefined });
    expect(resume(client, stream.primed).answer).toMatchObject({ id: 1, method: 'roots/list' });
    client.post({ jsonrpc: '2.0', id: 1, result: { roots: [] } });
    expect(await answered).toHaveProperty('result');
  });
});

it.each(['x', '1', '../..', '%00', '00000000-1-1-{"a":1}', '00000000-1-1-null', 'a'.repeat(10_000)])(
  'Last-Event-ID %s is refused with 400, which names it',
  async (id) => {
    const { client, reply } = await calling();
    const refused = resume(client, id);
    expect(refused).toMatchObject({ status: 400, answer: { id: null, error: { code: -32600 } } });
    expect((refused.answer as { error: Error }).error.message).toContain('Last-Event-ID');
    expect(reply.isEnded).toBe(false);
  },
);

describe('a call that says nothing', () => {
  async function silent(version?: string, headers: Record<string, string> = {}) {
    vi.useFakeTimers();
    const client = new HttpClient();
    const outcome = deferred<Outcome>();
    client.endpoint.handlers.set('tools/call', () => outcome.promise);
    await client.initialize(version);
    Object.assign(client.headers, headers);
    const reply = call(client);
    vi.advanceTimersByTime(9_000);
    expect(reply.isStream).toBe(false);
    vi.advanceTimersByTime(SILENT_MS - 9_000);
    return { client, reply, finish: () => outcome.resolve(DONE) };
  }

  it('gets its stream after a while, so that its client can come back for the answer', async () => {
    const { client, reply, finish } = await silent();
    expect(reply).toMatchObject({ isStream: true, primed: expect.stringMatching(/-1-0-%22c%22$/), events: [] });
    reply.close();
    const resumed = resume(client, reply.primed);
    finish();
    expect(said(await resumed.ended())).toEqual(['answer c']);
  });

  it('gets it without an id in an older revision', async () => {
    const { reply, finish } = await silent('2025-06-18');
    expect(reply).toMatchObject({ isStream: true, primed: undefined });
    finish();
    expect(said(await reply.ended())).toEqual(['answer c']);
  });

  it('is answered in plain JSON where the client takes no events', async () => {
    const { reply, finish } = await silent('2025-11-25', { accept: 'application/json' });
    expect(reply.isStream).toBe(false);
    finish();
    expect((await reply.ended()).body).toContain('"result"');
  });

  it('gets one in the modern era too, without ids', async () => {
    vi.useFakeTimers();
    const client = new HttpClient();
    const outcome = deferred<Outcome>();
    client.endpoint.handlers.set('tools/call', () => outcome.promise);
    const reply = client.modern('tools/call', { name: 'a' });
    vi.advanceTimersByTime(SILENT_MS);
    expect(reply).toMatchObject({ isStream: true, primed: undefined });
    outcome.resolve(DONE);
    await reply.ended();
    expect(reply).toMatchObject({ events: [expect.stringContaining('"id":1')], ids: [undefined] });
  });
});
