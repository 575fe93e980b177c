import { afterEach, describe, expect, it, vi } from 'vitest';
import { BOB, deferred, HttpClient, MemoryEndpoint, settled, SWEEP_MS } from './edge.fixture.ts';
import { createHttpEdge } from './edge-http.ts';
import { ForgeError } from './errors.ts';
import type { Exchange, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { MAX_OPENING_CHARS } from './legacy-opening.ts';
import { DETACHED_MS, MAX_IN_FLIGHT } from './legacy-session.ts';
import { MAX_WATCHED, MAX_WATCHED_CHARS } from './legacy-stream.ts';
import { resultOutcome } from './outcome.ts';

const DONE = resultOutcome(new JsonText('{"resultType":"complete","content":[],"x":1.0}'));

/** A client in a session, whose endpoint answers tools/call as `serve` says. */
async function inSession(
  serve: (exchange: Exchange) => Outcome | Promise<Outcome> = () => DONE,
  version?: string,
): Promise<HttpClient> {
  const client = new HttpClient();
  client.endpoint.handlers.set('tools/call', (_request, exchange) => serve(exchange));
  await client.initialize(version);
  return client;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('initialize', () => {
  it('answers in legacy form, with a session id that nobody can guess', async () => {
    const reply = await new HttpClient().initialize('2025-06-18');
    expect(reply.status).toBe(200);
    expect(reply.headers['Mcp-Session-Id']).toMatch(/^[0-9a-f]{32}$/);
    expect(reply.answer).toEqual({
      jsonrpc: '2.0',
      id: 'init',
      result: {
        protocolVersion: '2025-06-18',
        capabilities: {
          tools: { listChanged: true },
          prompts: {},
          resources: { subscribe: true, listChanged: true },
        },
        serverInfo: { name: 'memory', version: '1' },
        instructions: 'Be kind',
      },
    });
  });

  it.each(['2026-07-28', '2099-01-01', '1.0'])('with version %s agrees on our newest legacy one', async (version) => {
    const reply = await new HttpClient().initialize(version);
    expect(reply.answer).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
  });

  it('negotiates in its body, whatever the header says', async () => {
    const client = new HttpClient();
    client.headers = { 'mcp-protocol-version': '2099-01-01' };
    expect(await client.initialize()).toMatchObject({ status: 200 });
  });

  it('opens another session when one is named', async () => {
    const client = await inSession();
    const reply = await client.request('initialize', { protocolVersion: '2025-11-25' }).ended();
    expect(reply.headers['Mcp-Session-Id']).not.toBe(client.headers['mcp-session-id']);
    expect(client.edge.sessions).toBe(2);
  });

  it.each([
    ['no version', {}],
    ['capabilities that are no object', { protocolVersion: '2025-11-25', capabilities: [] }],
    ['clientInfo that is no object', { protocolVersion: '2025-11-25', clientInfo: 'me' }],
    ['more than is remembered', { protocolVersion: '2025-11-25', clientInfo: { x: 'y'.repeat(MAX_OPENING_CHARS) } }],
  ])('with %s is invalid and opens nothing', async (_what, params) => {
    const client = new HttpClient();
    const reply = await client.request('initialize', params).ended();
    expect(reply).toMatchObject({ status: 400, answer: { id: 1, error: { code: -32602 } } });
    expect(client.edge.sessions).toBe(0);
  });

  it('opens nothing when the endpoint cannot be described', async () => {
    const client = new HttpClient();
    client.endpoint.description = Promise.reject(new ForgeError('upstream_unreachable'));
    expect(await client.initialize()).toMatchObject({ status: 502, answer: { id: 'init' } });
    expect(client.edge.sessions).toBe(0);
  });
});

describe('a session', () => {
  it.each(['tools/list', 'ping'])('is needed by %s: 400 without its id', (method) => {
    const reply = new HttpClient().request(method);
    expect(reply).toMatchObject({ status: 400, answer: { id: 1, error: { code: -32600 } } });
  });

  it.each([
    ['unknown', async (client: HttpClient) => void (client.headers = { 'mcp-session-id': 'nope' })],
    ['ended', async (client: HttpClient) => void client.delete()],
  ])('that is %s is 404 for POST, GET and DELETE', async (_what, prepare) => {
    const client = await inSession();
    await prepare(client);
    expect(client.request('ping')).toMatchObject({ status: 404, answer: { id: 1, error: { code: -32001 } } });
    expect(client.get()).toMatchObject({ status: 404 });
    expect(client.delete()).toMatchObject({ status: 404 });
  });

  it('of another caller is 404, and stays his', async () => {
    const alice = await inSession();
    const bob = new HttpClient(alice.endpoint, alice.edge, BOB);
    bob.headers = alice.headers;
    for (const reply of [bob.request('ping'), bob.get(), bob.delete()]) expect(reply).toMatchObject({ status: 404 });
    expect(await alice.request('ping').ended()).toMatchObject({ status: 200 });
  });

  it('of another endpoint is 404', async () => {
    const client = await inSession();
    const other = new HttpClient(new MemoryEndpoint('two'), client.edge);
    other.headers = client.headers;
    expect(other.request('ping')).toMatchObject({ status: 404 });
  });

  it('goes on with a newer object of its endpoint', async () => {
    const client = await inSession();
    const renewed = new HttpClient(new MemoryEndpoint('one'), client.edge);
    renewed.headers = client.headers;
    await renewed.request('tools/list').ended();
    expect(renewed.endpoint.requests).toHaveLength(1);
    expect(client.endpoint.requests).toHaveLength(0);
  });

  it('ends on DELETE: the endpoint is told, its stream ends, and its calls are cancelled and answered', async () => {
    const reasons: unknown[] = [];
    const client = await inSession((exchange) => {
      exchange.onCancel((reason) => reasons.push(reason));
      return new Promise(() => {});
    });
    const stream = client.get();
    const call = client.request('tools/call', { name: 'a' }, 'c');
    expect(client.delete()).toMatchObject({ status: 204 });
    expect(reasons).toEqual(['The session has ended']);
    expect(call).toMatchObject({ status: 404, answer: { id: 'c', error: { code: -32001 } } });
    expect(stream.isEnded).toBe(true);
    expect(client.endpoint.heard[0]?.closed).toBe(true);
    expect(client.endpoint.ended).toEqual([client.headers['mcp-session-id']]);
  });

  it.each(['2099-01-01', 'x'])('refuses the version header %s, and asks for none', async (version) => {
    const client = await inSession();
    const headers = { 'mcp-protocol-version': version };
    expect(client.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, headers)).toMatchObject({ status: 400 });
    expect(client.get(headers)).toMatchObject({ status: 400 });
    expect(client.request('ping')).toMatchObject({ status: 200 });
  });

  it('does not become legacy traffic when the header says modern', async () => {
    const client = await inSession();
    const reply = client.post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-protocol-version': '2026-07-28' });
    expect(reply).toMatchObject({ status: 400, answer: { id: 1, error: { code: -32602 } } });
  });
});

describe('a legacy request', () => {
  it('reaches the endpoint with what the session knows, and is answered in legacy form', async () => {
    const client = await inSession(() => DONE, '2025-06-18');
    const reply = await client.request('tools/call', { name: 'a', _meta: { progressToken: 'p' } }, 'i').ended();
    expect(reply.body).toBe('{"jsonrpc":"2.0","id":"i","result":{"content":[],"x":1.0}}');
    expect(client.endpoint.requests[0]).toMatchObject({
      method: 'tools/call',
      target: 'a',
      progressToken: '"p"',
      client: { era: 'legacy', protocolVersion: '2025-06-18', sessionId: client.headers['mcp-session-id'] },
    });
    expect(client.endpoint.requests[0]?.client.info?.text).toBe('{"name":"test","version":"1"}');
  });

  it.each(['no/such', 'server/discover', 'subscriptions/listen'])(
    'for %s finds no such method, with 200',
    async (method) => {
      const client = await inSession();
      const reply = await client.request(method, { notifications: {} }).ended();
      expect(reply).toMatchObject({ status: 200, answer: { id: 1, error: { code: -32601 } } });
    },
  );

  it('is answered with 200 and the error when its params are wrong', async () => {
    const client = await inSession();
    expect(client.request('tools/call', { name: 5 })).toMatchObject({
      status: 200,
      answer: { error: { code: -32602 } },
    });
  });

  it('with the id of one in flight is refused, and the one in flight is not disturbed', async () => {
    const outcome = deferred<Outcome>();
    const client = await inSession(() => outcome.promise);
    const first = client.request('tools/call', { name: 'a' }, 7);
    expect(client.request('tools/call', { name: 'a' }, 7)).toMatchObject({
      status: 400,
      answer: { id: 7, error: { code: -32600 } },
    });
    outcome.resolve(DONE);
    expect(await first.ended()).toMatchObject({ status: 200 });
    expect(await client.request('tools/call', { name: 'a' }, 7).ended()).toMatchObject({ status: 200 });
  });

  it('runs beside others, and in other sessions with the same id', async () => {
    const outcome = deferred<Outcome>();
    const client = await inSession(() => outcome.promise);
    const other = new HttpClient(client.endpoint, client.edge);
    await other.initialize();
    const replies = [client.request('tools/call', { name: 'a' }, 1), client.request('tools/call', { name: 'a' }, '1')];
    replies.push(other.request('tools/call', { name: 'a' }, 1));
    expect(client.endpoint.requests).toHaveLength(3);
    outcome.resolve(DONE);
    for (const reply of replies) expect(await reply.ended()).toMatchObject({ status: 200 });
  });

  it('is refused with Retry-After when too many run, cancelled ones included', async () => {
    const client = await inSession(() => new Promise(() => {}));
    for (let id = 1; id <= MAX_IN_FLIGHT; id += 1) client.request('tools/call', { name: 'a' }, id);
    client.notify('notifications/cancelled', { requestId: 1 });
    const reply = client.request('tools/call', { name: 'a' }, 'more');
    expect(reply).toMatchObject({ status: 503, headers: { 'Retry-After': '1' }, answer: { id: 'more' } });
  });

  it('makes room for another when it ends', async () => {
    const client = await inSession();
    for (let n = 0; n <= MAX_IN_FLIGHT; n += 1) {
      expect(await client.request('tools/call', { name: 'a' }).ended()).toMatchObject({ status: 200 });
    }
  });

  it('is made in the name of who sent it, with what he sent, though someone like him opened the session', async () => {
    const client = await inSession();
    const renewed = { id: client.caller.id, rights: 'fewer' };
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}';
    await client.send({ headers: client.headers, body, caller: renewed, upstreamAuthorization: 'Bearer own' }).ended();
    expect(client.endpoint.requests[0]?.client.caller).toBe(renewed);
    expect(client.endpoint.requests[0]?.client.upstreamAuthorization).toBe('Bearer own');
  });

  it('has its notes on its own stream, ahead of the answer, and not on the standing one', async () => {
    const client = await inSession((exchange) => {
      exchange.note('notifications/progress', new JsonText('{"progressToken":1,"progress":1}'));
      exchange.note('notifications/message', JsonText.of({ level: 'debug', data: 1 }));
      return DONE;
    });
    const standing = client.get();
    const reply = await client.request('tools/call', { name: 'a', _meta: { progressToken: 'p' } }).ended();
    expect(reply.parsedEvents).toMatchObject([
      { method: 'notifications/progress', params: { progressToken: 'p', progress: 1 } },
      { method: 'notifications/message' },
      { id: 1 },
    ]);
    expect(standing.events).toEqual([]);
  });
});

describe('cancellation', () => {
  it('is a notification: the call is told, and gets no answer', async () => {
    const outcome = deferred<Outcome>();
    const reasons: unknown[] = [];
    const client = await inSession((exchange) => {
      exchange.onCancel((reason) => reasons.push(reason));
      return outcome.promise;
    });
    const reply = client.request('tools/call', { name: 'a' }, 'c');
    expect(client.notify('notifications/cancelled', { requestId: 'c', reason: 'bored' })).toMatchObject({
      status: 202,
    });
    expect(reasons).toEqual(['bored']);
    expect(reply).toMatchObject({ status: 202, body: undefined });
    outcome.resolve(DONE);
    await settled();
    expect(reply.body).toBeUndefined();
  });

  it('of a request that has begun to stream ends the stream', async () => {
    const client = await inSession((exchange) => {
      exchange.note('notifications/x', undefined);
      return new Promise(() => {});
    });
    const reply = client.request('tools/call', { name: 'a' }, 'c');
    client.notify('notifications/cancelled', { requestId: 'c' });
    expect(reply).toMatchObject({ isEnded: true, isStream: true });
    expect(reply.events).toHaveLength(1);
  });

  it.each([{ requestId: 'other' }, { requestId: 1 }, {}, undefined])('of %j is ignored', async (params) => {
    const outcome = deferred<Outcome>();
    const client = await inSession(() => outcome.promise);
    const reply = client.request('tools/call', { name: 'a' }, '1');
    expect(client.notify('notifications/cancelled', params)).toMatchObject({ status: 202 });
    outcome.resolve(DONE);
    expect(await reply.ended()).toMatchObject({ status: 200 });
  });

  it('never reaches the call of another session', async () => {
    const outcome = deferred<Outcome>();
    const client = await inSession(() => outcome.promise);
    const other = new HttpClient(client.endpoint, client.edge);
    await other.initialize();
    const reply = client.request('tools/call', { name: 'a' }, 1);
    other.notify('notifications/cancelled', { requestId: 1 });
    outcome.resolve(DONE);
    expect(await reply.ended()).toMatchObject({ status: 200 });
  });

  it('is not meant by a disconnect: the call goes on, for a bounded time', async () => {
    vi.useFakeTimers();
    let exchange: Exchange | undefined;
    const client = await inSession((given) => {
      exchange = given;
      return new Promise(() => {});
    });
    const reply = client.request('tools/call', { name: 'a' });
    reply.close();
    exchange?.note('notifications/x', undefined);
    vi.advanceTimersByTime(DETACHED_MS - 1);
    expect(exchange?.cancelled).toBe(false);
    vi.advanceTimersByTime(1);
    expect(exchange?.cancelled).toBe(true);
    expect(reply.events).toEqual([]);
  });

  it('leaves no timer behind when a call ends whose client has disconnected', async () => {
    vi.useFakeTimers();
    const outcome = deferred<Outcome>();
    const client = await inSession(() => outcome.promise);
    client.request('tools/call', { name: 'a' }).close();
    outcome.resolve(DONE);
    await vi.advanceTimersByTimeAsync(SWEEP_MS);
    client.delete();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what a session serves itself', () => {
  it('is ping', async () => {
    const client = await inSession();
    expect(client.request('ping')).toMatchObject({ status: 200, body: '{"jsonrpc":"2.0","id":1,"result":{}}' });
    expect(client.endpoint.requests).toHaveLength(0);
  });

  it('is the log level: told to the endpoint, and applied to notes', async () => {
    const client = await inSession((exchange) => {
      for (const level of ['info', 'error']) exchange.note('notifications/message', JsonText.of({ level, data: 1 }));
      return DONE;
    });
    await client.request('tools/call', { name: 'a' }).ended();
    expect(client.endpoint.requests[0]?.client.logLevel).toBeUndefined();
    expect(client.request('logging/setLevel', { level: 'error' })).toMatchObject({ status: 200 });
    const reply = await client.request('tools/call', { name: 'a' }).ended();
    expect(client.endpoint.requests[1]?.client.logLevel).toBe('error');
    expect(reply.parsedEvents).toMatchObject([{ params: { level: 'error' } }, { id: 1 }]);
  });

  it('refuses a log level that does not exist', async () => {
    const reply = (await inSession()).request('logging/setLevel', { level: 'loud' });
    expect(reply).toMatchObject({ status: 200, answer: { error: { code: -32602 } } });
  });

  it('is the set of watched resources, which follows the standing stream', async () => {
    const client = await inSession();
    expect(client.request('resources/subscribe', { uri: 'a' })).toMatchObject({ status: 200 });
    client.get();
    client.request('resources/subscribe', { uri: 'b' });
    client.request('resources/unsubscribe', { uri: 'a' });
    const all = { toolsListChanged: true, resourcesListChanged: true };
    expect(client.endpoint.heard[0]?.updates).toEqual([
      { ...all, resourceSubscriptions: ['a'] },
      { ...all, resourceSubscriptions: ['a', 'b'] },
      { ...all, resourceSubscriptions: ['b'] },
    ]);
  });

  it('holds a resource for watched when the servers listen', async () => {
    const client = await inSession();
    const ready = deferred<void>();
    client.endpoint.ready = ready.promise;
    client.get();
    const reply = client.request('resources/subscribe', { uri: 'a' });
    await settled();
    expect(reply.isEnded).toBe(false);
    expect(client.request('ping')).toMatchObject({ answer: { result: {} } });
    ready.resolve();
    expect(await reply.ended()).toMatchObject({ answer: { result: {} } });
  });

  it('has a bound on watched resources', async () => {
    const client = await inSession();
    for (let n = 0; n < MAX_WATCHED; n += 1) client.request('resources/subscribe', { uri: String(n) });
    expect(client.request('resources/subscribe', { uri: 'more' })).toMatchObject({
      answer: { error: { code: -32602 } },
    });
    expect(client.request('resources/subscribe', { uri: '0' })).toMatchObject({ answer: { result: {} } });
    expect(client.request('resources/subscribe', { uri: 'x'.repeat(5000) })).toMatchObject({ answer: { error: {} } });
  });

  it('watches URIs of so many characters together, and no more', async () => {
    const client = await inSession();
    const watch = (n: number) => client.request('resources/subscribe', { uri: String(n).padEnd(4096, 'x') });
    for (let n = 0; n < MAX_WATCHED_CHARS / 4096; n += 1) expect(watch(n)).toMatchObject({ answer: { result: {} } });
    expect(watch(100)).toMatchObject({ answer: { error: { code: -32602 } } });
    expect(watch(0)).toMatchObject({ answer: { result: {} } });
  });

  it('has no subscriptions where the server does not offer them', async () => {
    const client = new HttpClient();
    client.endpoint.description = {
      ...(await client.endpoint.description),
      capabilities: JsonText.of({ resources: {} }),
    };
    await client.initialize();
    const reply = client.request('resources/subscribe', { uri: 'a' });
    expect(reply).toMatchObject({ status: 200, answer: { error: { code: -32601 } } });
  });

  it('accepts notifications with 202, and passes on those that are about the session', async () => {
    const client = await inSession();
    for (const method of ['notifications/initialized', 'notifications/roots/list_changed', 'notifications/progress']) {
      expect(client.notify(method)).toMatchObject({ status: 202, body: undefined });
    }
    expect(client.endpoint.notes).toEqual(['notifications/roots/list_changed']);
  });
});

describe('the standing stream', () => {
  it('opens at once, and carries changes and notes of the session in the form of the era', async () => {
    const client = await inSession();
    client.request('logging/setLevel', { level: 'error' });
    const stream = client.get();
    expect(stream).toMatchObject({ status: 200, isStream: true, events: [] });
    const listener = client.endpoint.heard[0]?.listener;
    listener?.note('notifications/tools/list_changed', undefined);
    const params = '{"uri":"a","_meta":{"io.modelcontextprotocol/subscriptionId":1,"x":1.0}}';
    listener?.note('notifications/resources/updated', new JsonText(params));
    listener?.note('notifications/message', JsonText.of({ level: 'info', data: 1 }));
    expect(stream.events).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
      '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a","_meta":{"x":1.0}}}',
    ]);
  });

  it('is one: a second GET ends the first, and hears on', async () => {
    const client = await inSession();
    const first = client.get();
    const second = client.get();
    expect(first.isEnded).toBe(true);
    expect(client.endpoint.heard.map(({ closed }) => closed)).toEqual([true, false]);
    client.endpoint.heard[1]?.listener.note('notifications/tools/list_changed', undefined);
    expect(second.events).toHaveLength(1);
    first.close();
    expect(client.endpoint.heard[1]?.closed).toBe(false);
  });

  it('listens for a while after its client has gone, and no longer', async () => {
    vi.useFakeTimers();
    const client = await inSession();
    client.get().close();
    vi.advanceTimersByTime(59_999);
    expect(client.endpoint.heard[0]?.closed).toBe(false);
    vi.advanceTimersByTime(1);
    expect(client.endpoint.heard[0]?.closed).toBe(true);
    client.get();
    expect(client.endpoint.heard).toHaveLength(2);
  });

  it('needs a client that takes events', async () => {
    const client = await inSession();
    expect(client.get({ accept: 'text/html' })).toMatchObject({ status: 406 });
  });
});

describe('a batch', () => {
  const ping = (id: unknown): unknown => ({ jsonrpc: '2.0', id, method: 'ping' });
  const call = (id: unknown): unknown => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'a' } });
  const note = { jsonrpc: '2.0', method: 'notifications/initialized' };

  it.each(['2025-11-25', '2025-06-18', '2024-11-05'])('does not exist in %s', async (version) => {
    const client = await inSession(() => DONE, version);
    expect(client.post([ping(1)])).toMatchObject({ status: 400, answer: { id: null, error: { code: -32600 } } });
  });

  it('of 2025-03-26 is answered by one array, notifications left out', async () => {
    const client = await inSession(() => DONE, '2025-03-26');
    const reply = await client.post([ping(1), note, call(2), call(2)]).ended();
    expect(reply).toMatchObject({ status: 200, isStream: false });
    expect(reply.answer).toMatchObject([{ id: 1 }, { id: 2, error: { code: -32600 } }, { id: 2, result: {} }]);
  });

  it('without requests is accepted with 202', async () => {
    const client = await inSession(() => DONE, '2025-03-26');
    expect(client.post([note, { jsonrpc: '2.0', id: 5, result: {} }])).toMatchObject({ status: 202 });
  });

  it('becomes an event stream when one of its requests sends something ahead', async () => {
    const outcome = deferred<Outcome>();
    const client = await inSession(async (exchange) => {
      await outcome.promise;
      exchange.note('notifications/x', undefined);
      return DONE;
    }, '2025-03-26');
    const reply = client.post([ping(1), call(2)]);
    outcome.resolve(DONE);
    await reply.ended();
    expect(reply.parsedEvents.map((event) => event['id'] ?? event['method'])).toEqual(['notifications/x', 2, 1]);
  });

  it('lets one of its requests be cancelled', async () => {
    const client = await inSession(() => new Promise(() => {}), '2025-03-26');
    const reply = client.post([ping(1), call(2)]);
    client.notify('notifications/cancelled', { requestId: 2 });
    expect(reply).toMatchObject({ status: 200, answer: [{ id: 1 }] });
  });

  it('waits for nothing but the requests that are in flight when the client has disconnected', async () => {
    const client = await inSession(() => new Promise(() => {}), '2025-03-26');
    vi.useFakeTimers();
    client.endpoint.handlers.set('prompts/list', () => DONE);
    const reply = client.post([{ jsonrpc: '2.0', id: 1, method: 'prompts/list' }, call(2), call(3)]);
    await vi.advanceTimersByTimeAsync(0);
    const running = vi.getTimerCount();
    reply.close();
    expect(vi.getTimerCount()).toBe(running + 2);
  });

  it.each([
    ['nothing', []],
    ['initialize', [{ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-03-26' } }]],
    ['too much', Array.from({ length: 101 }, (_, id) => ping(id))],
    ['something else', [ping(1), 5]],
  ])('of %s is refused', async (_what, messages) => {
    const client = await inSession(() => DONE, '2025-03-26');
    expect(client.post(messages)).toMatchObject({ status: 400, answer: { error: { code: -32600 } } });
  });

  it('needs a session', () => {
    expect(new HttpClient(new MemoryEndpoint(), createHttpEdge()).post([ping(1)])).toMatchObject({ status: 400 });
  });
});
