import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  type Script,
  ScriptedServer,
  TestEvents,
  TestExchange,
  testClient,
  toolCall,
} from './channel-upstream.fixture.ts';
import { type ChannelUpstreamOptions, createChannelUpstream } from './channel-upstream.ts';
import type { Client, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';

const SILENT: Script = () => undefined;
const ASKABLE = new JsonText('{"elicitation":{}}');

function setUp(server: ScriptedServer, options: Partial<ChannelUpstreamOptions> = {}) {
  const events = new TestEvents();
  const upstream = createChannelUpstream({
    open: server.open,
    transport: 'test',
    events,
    clientInfo: new JsonText('{"name":"forge","version":"0"}'),
    ...options,
  });
  const call = (name: string, client?: Client, progressToken?: string) => {
    const exchange = new TestExchange();
    return { exchange, outcome: upstream.call(toolCall(name, client, progressToken), exchange) };
  };
  return { server, events, upstream, call };
}

/** Until the server has got `count` messages of this method, on any connection. */
function got(server: ScriptedServer, method: string, count = 1): Promise<void> {
  const all = () =>
    server.connections.flatMap(({ received }) => received).filter((message) => message.method === method);
  return vi.waitFor(() => expect(all().length).toBeGreaterThanOrEqual(count));
}

const code = (outcome: Outcome) => (outcome.error?.data?.value as { code?: string } | undefined)?.code;

afterEach(() => {
  vi.useRealTimers();
});

describe('finding the era', () => {
  it('recognises a modern server by the shape of its answer', async () => {
    const { upstream, server } = setUp(new ScriptedServer('modern', { tools: {} }));
    expect(await upstream.connect()).toMatchObject({ era: 'modern', protocolVersion: '2026-07-28', transport: 'test' });
    expect(server.connections).toHaveLength(1);
  });

  it('shares one attempt', async () => {
    const { upstream, server } = setUp(new ScriptedServer('modern'));
    await Promise.all([upstream.connect(), upstream.connect()]);
    expect(server.connections).toHaveLength(1);
  });

  it.each<[string, Script]>([
    ['answers with an empty result', () => ({ result: {} })],
    ['knows no such method', () => ({ error: { code: -32601, message: 'no' } })],
    ['refuses every revision', () => ({ error: { code: -32022, message: 'no', data: { supported: [] } } })],
    ['contradicts itself', () => ({ error: { code: -32022, message: 'no', data: { supported: ['2026-07-28'] } } })],
  ])('initializes a server that %s, on the same channel', async (_name, script) => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('server/discover', script);
    const { upstream } = setUp(server);
    expect(await upstream.connect()).toMatchObject({
      era: 'legacy',
      protocolVersion: '2025-06-18',
      reason: expect.stringMatching(/; initialize agreed on 2025-06-18$/) as string,
    });
    expect(server.connections).toHaveLength(1);
    expect(server.newest.last('initialize')?.params).toMatchObject({ protocolVersion: '2025-11-25', capabilities: {} });
    await got(server, 'notifications/initialized');
  });

  it('initializes a server that stays silent', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('server/discover', SILENT);
    const { upstream } = setUp(server, { probeTimeoutMs: 20 });
    expect(await upstream.connect()).toMatchObject({ era: 'legacy', reason: expect.stringContaining('20 ms') });
  });

  it('believes a modern server that was only slow', async () => {
    const server = new ScriptedServer('modern');
    const discover = server.scripts.get('server/discover');
    const { upstream } = setUp(server, { probeTimeoutMs: 10 });
    server.scripts.set('server/discover', (message, connection) => {
      if (server.connections.length > 1) return discover?.(message, connection);
      setTimeout(() => connection.send({ id: message.id, ...discover?.(message, connection) }), 30);
      return undefined;
    });
    server.scripts.set('initialize', (message, connection) => {
      setTimeout(() => connection.send({ id: message.id, error: { code: -32601, message: 'no' } }), 40);
      return undefined;
    });
    expect(await upstream.connect()).toMatchObject({ era: 'modern' });
  });

  it('opens a new channel for a server that exits on the probe', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('server/discover', (_message, connection) => connection.die('exited with its secret'));
    const { upstream, events } = setUp(server);
    const info = await upstream.connect();
    expect(info).toMatchObject({ era: 'legacy', reason: /^server\/discover was not answered: / });
    expect(info.reason).not.toContain('secret');
    expect(server.connections).toHaveLength(2);
    expect(events.log).toEqual([]);
  });

  it('opens a new channel for a server so slow that it exits on the probe when initialize is waiting already', async () => {
    const server = new ScriptedServer('legacy');
    const initialize = server.scripts.get('initialize');
    server.scripts.set('server/discover', SILENT);
    server.scripts.set('initialize', (message, connection) =>
      server.connections.length === 1 ? connection.die('exited with code 1') : initialize?.(message, connection),
    );
    const { upstream, events } = setUp(server, { probeTimeoutMs: 10 });
    expect(await upstream.connect()).toMatchObject({ era: 'legacy', reason: expect.stringContaining('and ended') });
    expect(server.connections).toHaveLength(2);
    expect(server.newest.last('server/discover')).toBeUndefined();
    expect(events.log).toEqual([]);
  });

  it('gives up on a server that exits whatever it is sent', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('server/discover', SILENT);
    server.scripts.set('initialize', (_message, connection) => connection.die('exited with code 1'));
    const { upstream } = setUp(server, { probeTimeoutMs: 10 });
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(server.connections).toHaveLength(2);
  });

  it('gives the probe a channel of its own when told so, and keeps it for a modern server', async () => {
    const legacy = setUp(new ScriptedServer('legacy'), { disposableProbe: true });
    await legacy.upstream.connect();
    expect(legacy.server.connections.map(({ closed }) => closed)).toEqual([true, false]);
    const modern = setUp(new ScriptedServer('modern'), { disposableProbe: true });
    await modern.upstream.connect();
    expect(modern.server.connections).toHaveLength(1);
  });

  it('takes the configured era', async () => {
    const { upstream, server } = setUp(new ScriptedServer('legacy'), { era: 'legacy' });
    await upstream.connect();
    expect(server.newest.last('server/discover')).toBeUndefined();
    const modern = setUp(new ScriptedServer('legacy'), { era: 'modern' });
    await expect(modern.upstream.connect()).rejects.toMatchObject({ code: 'upstream_error' });
    expect(modern.server.newest.closed).toBe(true);
  });

  it('says why when there is no server', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('server/discover', (_message, connection) => connection.die('no such file: secret'));
    server.scripts.set('initialize', (_message, connection) => connection.die('no such file: secret'));
    const { upstream, call } = setUp(server);
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_unreachable', message: /secret/ });
    const outcome = await call('t').outcome;
    expect(code(outcome)).toBe('upstream_unreachable');
    expect(outcome.error?.message).not.toContain('secret');
  });
});

describe('a call', () => {
  it('reaches a modern server with our id and token, and comes back verbatim', async () => {
    const server = new ScriptedServer('modern');
    server.scripts.set('tools/call', (message, connection) => {
      connection.write(`{"jsonrpc":"2.0","id":${message.id},"result":{"x":1.0, "resultType":"complete"}}`);
      return undefined;
    });
    const { call } = setUp(server);
    const outcome = await call('t', undefined, '"mine"').outcome;
    expect(outcome).toMatchObject({ era: 'modern' });
    expect(outcome.result?.text).toBe('{"x":1.0, "resultType":"complete"}');
    const sent = server.newest.last('tools/call');
    expect(sent?.params?.['_meta']).toMatchObject({
      progressToken: sent?.id,
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    });
  });

  it('gets its own progress and answer, whatever the order', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server);
    const one = call('one', undefined, '1');
    const two = call('two', undefined, '1');
    await got(server, 'tools/call', 2);
    const [first, second] = server.newest.received.filter(({ method }) => method === 'tools/call');
    const token = (second?.params?.['_meta'] as { progressToken: unknown } | undefined)?.progressToken;
    server.newest.send({ method: 'notifications/progress', params: { progressToken: token, progress: 1 } });
    server.newest.send({ id: second?.id, result: { n: 2 } });
    server.newest.send({ id: first?.id, result: { n: 1 } });
    expect((await one.outcome).result?.value).toEqual({ n: 1 });
    expect((await two.outcome).result?.value).toEqual({ n: 2 });
    expect(one.exchange.notes).toEqual([]);
    expect(two.exchange.notes).toEqual([
      { method: 'notifications/progress', params: { progressToken: token, progress: 1 } },
    ]);
  });

  it('hides errors that describe our own hop, and passes on every other', async () => {
    const server = new ScriptedServer('modern');
    server.scripts.set('tools/call', ({ params }) => ({
      error: { code: Number(params?.['name']), message: 'no', data: [1] },
    }));
    const { call } = setUp(server);
    expect((await call('-32022').outcome).error?.code).toBe(-32603);
    expect((await call('-32020').outcome).error?.code).toBe(-32603);
    expect((await call('-32021').outcome).error).toMatchObject({ code: -32021, message: 'no' });
  });

  it.each([
    '{"jsonrpc":"2.0","id":ID,"result":[]}',
    '{"jsonrpc":"2.0","id":ID,"result":null}',
    '{"jsonrpc":"2.0","id":ID,"result":7}',
    '{"jsonrpc":"2.0","id":ID,"result":"{}"}',
    '{"jsonrpc":"2.0","id":ID}',
    '{"id":ID,"result":{},"error":{}}',
  ])('ends with upstream_error when its answer is %s', async (garbage) => {
    for (const era of ['legacy', 'modern'] as const) {
      const server = new ScriptedServer(era);
      server.scripts.set('tools/call', ({ id }, connection) => connection.write(garbage.replace('ID', String(id))));
      const { call } = setUp(server);
      expect(code(await call('t').outcome), era).toBe('upstream_error');
    }
  });

  it('outlives noise that answers nothing', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', (_message, connection) => {
      for (const noise of ['', 'hello', '[]', '{"jsonrpc":"2.0","id":999,"result":{}}']) connection.write(noise);
      return { result: {} };
    });
    expect((await setUp(server).call('t').outcome).result).toBeDefined();
  });

  it('is cancelled at the upstream, and its late answer is ignored', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server);
    const { exchange, outcome } = call('t');
    await got(server, 'tools/call');
    exchange.cancel('changed my mind');
    expect((await outcome).error).toMatchObject({ code: -32800 });
    await got(server, 'notifications/cancelled');
    const { id } = server.newest.last('tools/call') ?? {};
    expect(server.newest.last('notifications/cancelled')?.params).toEqual({ requestId: id, reason: 'changed my mind' });
    server.newest.send({ id, result: {} });
    server.scripts.set('tools/call', () => ({ result: { fresh: true } }));
    expect((await call('t').outcome).result?.value).toEqual({ fresh: true });
  });

  it('times out, unless there is progress, and tells the upstream', async () => {
    vi.useFakeTimers();
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server, { requestTimeoutMs: 1600 });
    const { outcome } = call('t', undefined, '1');
    await vi.advanceTimersByTimeAsync(1500);
    const { id } = server.newest.last('tools/call') ?? {};
    server.newest.send({ method: 'notifications/progress', params: { progressToken: id, progress: 1 } });
    await vi.advanceTimersByTimeAsync(1500);
    expect(server.newest.last('notifications/cancelled')).toBeUndefined();
    await vi.advanceTimersByTimeAsync(400);
    expect(code(await outcome)).toBe('upstream_timeout');
    expect(server.newest.last('notifications/cancelled')?.params).toMatchObject({ requestId: id });
  });

  it('is refused when too many are in flight', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server, { maxInFlight: 1 });
    void call('one');
    await got(server, 'tools/call');
    expect((await call('two').outcome).error).toMatchObject({ code: -32010 });
  });
});

describe('a lost channel', () => {
  it('leaves the outcome of what was sent unknown, is reported once, and is replaced, whatever the era is then', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call, events, upstream } = setUp(server);
    const { outcome } = call('t');
    await got(server, 'tools/call');
    server.newest.die('stderr: secret');
    expect(code(await outcome)).toBe('outcome_unknown');
    expect((await outcome).error?.message).not.toContain('secret');
    expect(events.log).toEqual(['lost: stderr: secret']);
    const modern = new ScriptedServer('modern');
    for (const [method, script] of modern.scripts) server.scripts.set(method, script);
    server.scripts.set('tools/call', () => ({ result: {} }));
    expect((await call('t').outcome).era).toBe('modern');
    expect(await upstream.connect()).toMatchObject({ era: 'modern' });
    expect(events.log).toHaveLength(1);
  });
});

describe('callers', () => {
  it.each([true, false])('are told how the channel ended: %s', async (tellCallers) => {
    const server = new ScriptedServer('legacy');
    const { call } = setUp(server, { tellCallers });
    server.scripts.set('tools/call', (_message, connection) => connection.die('exited with code 3'));
    const { error } = await call('a').outcome;
    expect(error?.message.includes('exited with code 3')).toBe(tellCallers);
    server.scripts.set('initialize', (_message, connection) => connection.die('exited with code 4'));
    const again = await call('a').outcome;
    expect(again.error?.message.includes('exited with code 4')).toBe(tellCallers);
  });
});

describe('legacy sessions', () => {
  const session = (sessionId: string): Client => testClient({ era: 'legacy', sessionId, capabilities: ASKABLE });

  it('are own ones for clients that can be asked, with their capabilities, and end with theirs', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', () => ({ result: {} }));
    const { call, upstream } = setUp(server);
    await call('t').outcome;
    await call('t', session('a')).outcome;
    await call('t', session('b')).outcome;
    await call('t', session('a')).outcome;
    expect(server.connections).toHaveLength(3);
    expect(server.connections[1]?.last('initialize')?.params?.['capabilities']).toEqual({ elicitation: {} });
    upstream.sessionEnded('a');
    await vi.waitFor(() => expect(server.connections.map(({ closed }) => closed)).toEqual([false, true, false]));
  });

  it('are refused past the cap while all are busy', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server, { maxSessions: 1 });
    void call('t', session('a'));
    await got(server, 'tools/call');
    expect((await call('t', session('b')).outcome).error).toMatchObject({ code: -32010 });
  });

  it('of one client survive the loss of another one’s', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', () => ({ result: {} }));
    const { call, events } = setUp(server);
    await call('t', session('a')).outcome;
    await call('t', session('b')).outcome;
    server.connections[1]?.die();
    await call('t', session('b')).outcome;
    await call('t', session('a')).outcome;
    expect(server.connections).toHaveLength(4);
    expect(events.log).toEqual([]);
  });

  it.each([
    ['asking', [2, 1]],
    ['every', [2, 2]],
    ['none', [1, 1]],
  ] as const)('have channels by ownChannels %s', async (ownChannels, counts) => {
    for (const [index, capabilities] of [ASKABLE, new JsonText('{}')].entries()) {
      const server = new ScriptedServer('legacy');
      server.scripts.set('tools/call', () => ({ result: {} }));
      const { call } = setUp(server, { ownChannels });
      await call('a', testClient({ era: 'legacy', sessionId: 's', capabilities })).outcome;
      expect(server.connections).toHaveLength(counts[index] ?? 0);
    }
  });

  it('have channels of a modern server too where every one has, which end with them', async () => {
    const server = new ScriptedServer('modern');
    server.scripts.set('tools/call', () => ({ result: {} }));
    const { upstream, call } = setUp(server, { ownChannels: 'every' });
    await call('a').outcome;
    for (const sessionId of ['one', 'other', 'one']) await call('a', testClient({ era: 'legacy', sessionId })).outcome;
    expect(server.connections).toHaveLength(3);
    upstream.sessionEnded('one');
    await vi.waitFor(() => expect(server.connections.map(({ closed }) => closed)).toEqual([false, true, false]));
  });

  it('hear what the client says about no request, on its own channel alone', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', () => ({ result: {} }));
    const { upstream, call } = setUp(server);
    for (const sessionId of ['one', 'other'])
      await call('a', testClient({ era: 'legacy', sessionId, capabilities: ASKABLE })).outcome;
    upstream.sessionNote?.('one', 'notifications/roots/list_changed', undefined);
    upstream.sessionNote?.('unknown', 'notifications/roots/list_changed', undefined);
    await got(server, 'notifications/roots/list_changed');
    const heard = server.connections.map((connection) => connection.last('notifications/roots/list_changed'));
    expect(heard.map((message) => message !== undefined)).toEqual([false, true, false]);
  });

  it('ask the client of the one call in flight, while its clock stands still', async () => {
    vi.useFakeTimers();
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server, { requestTimeoutMs: 1600 });
    const { exchange, outcome } = call('t', session('a'));
    let answer: (value: { result: JsonText }) => void = () => {};
    exchange.answer = new Promise((resolve) => (answer = resolve));
    await vi.advanceTimersByTimeAsync(10);
    const answered = server.newest.ask('elicitation/create', { message: 'Name?' });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(exchange.asks).toMatchObject([{ method: 'elicitation/create' }]);
    answer({ result: new JsonText('{"action":"accept","content":{"n":1.0}}') });
    expect(await answered).toMatchObject({ id: 'ask-1', result: { action: 'accept' } });
    server.newest.send({ id: server.newest.last('tools/call')?.id, result: {} });
    expect((await outcome).result).toBeDefined();
  });

  it('keep a call’s clock still until the last of its questions is answered', async () => {
    vi.useFakeTimers();
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server, { requestTimeoutMs: 1600 });
    const { exchange, outcome } = call('t', session('a'));
    const answers: ((value: { result: JsonText }) => void)[] = [];
    exchange.ask = () => new Promise((resolve) => answers.push(resolve));
    await vi.advanceTimersByTimeAsync(10);
    const [first, second] = [server.newest.ask('roots/list'), server.newest.ask('elicitation/create')];
    await vi.advanceTimersByTimeAsync(10);
    answers[0]?.({ result: new JsonText('{"roots":[]}') });
    await first;
    await vi.advanceTimersByTimeAsync(10_000);
    answers[1]?.({ result: new JsonText('{"action":"accept"}') });
    await second;
    server.newest.send({ id: server.newest.last('tools/call')?.id, result: {} });
    await vi.advanceTimersByTimeAsync(10);
    expect((await outcome).result).toBeDefined();
  });

  it('ask the paired session when no call is in flight', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', () => ({ result: {} }));
    const { call, events } = setUp(server);
    await call('t', session('a')).outcome;
    expect(await server.newest.ask('roots/list')).toMatchObject({ result: { roots: [] } });
    server.newest.send({ method: 'notifications/elicitation/complete', params: {} });
    await vi.waitFor(() =>
      expect(events.log).toEqual(['a asked roots/list', 'a noted notifications/elicitation/complete']),
    );
  });

  it('ask the paired session again when the call in flight was answered without the answer', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call, events } = setUp(server);
    const { exchange, outcome } = call('a', testClient({ era: 'legacy', sessionId: 's', capabilities: ASKABLE }));
    exchange.answer = outcome.then(() => ({ error: { code: -32600, message: 'The request has ended' } }));
    await got(server, 'tools/call');
    const answer = server.newest.ask('roots/list');
    await vi.waitFor(() => expect(exchange.asks).toHaveLength(1));
    server.newest.send({ id: server.newest.last('tools/call')?.id, result: {} });
    expect(await answer).toMatchObject({ result: { roots: [] } });
    expect(events.log).toEqual(['s asked roots/list']);
  });

  it('do not ask again for a call that was cancelled', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call, events } = setUp(server);
    const { exchange, outcome } = call('a', testClient({ era: 'legacy', sessionId: 's', capabilities: ASKABLE }));
    exchange.answer = outcome.then(() => ({ error: { code: -32600, message: 'The request was cancelled' } }));
    await got(server, 'tools/call');
    const answer = server.newest.ask('elicitation/create');
    await vi.waitFor(() => expect(exchange.asks).toHaveLength(1));
    exchange.cancel();
    expect(await answer).toMatchObject({ error: { message: 'The request was cancelled' } });
    expect(events.log).toEqual([]);
  });

  it('that are shared are refused a question that could be anybody’s', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server);
    const anyone = (id: string) => testClient({ caller: { id }, capabilities: ASKABLE });
    const alice = call('t', anyone('alice'));
    await got(server, 'tools/call');
    expect(await server.newest.ask('elicitation/create')).toMatchObject({ result: { action: 'accept' } });
    const bob = call('t', anyone('bob'));
    await got(server, 'tools/call', 2);
    expect(await server.newest.ask('elicitation/create')).toMatchObject({ error: { code: -32600 } });
    // Alice's call may still be the one that asks: Bob must not see its question.
    alice.exchange.cancel();
    await alice.outcome;
    expect(await server.newest.ask('elicitation/create')).toMatchObject({ error: { code: -32600 } });
    server.newest.send({ method: 'notifications/message', params: { level: 'info', data: 'of Alice' } });
    expect(await server.newest.ask('ping')).toMatchObject({ result: {} });
    expect(bob.exchange.asks).toEqual([]);
    expect(bob.exchange.notes).toEqual([]);
  });

  it('that are shared take no more calls while a question waits: another channel does, and its questions have an owner', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call } = setUp(server);
    const anyone = (id: string) => testClient({ caller: { id }, capabilities: ASKABLE });
    const alice = call('t', anyone('alice'));
    await got(server, 'tools/call');
    const shared = server.newest;
    let answer: (value: { result: JsonText }) => void = () => {};
    alice.exchange.answer = new Promise((resolve) => (answer = resolve));
    const asked = shared.ask('elicitation/create');
    await vi.waitFor(() => expect(alice.exchange.asks).toHaveLength(1));
    const bob = call('t', anyone('bob'));
    await vi.waitFor(() => expect(server.newest.last('tools/call')).toBeDefined());
    expect(server.newest).not.toBe(shared);
    expect(await server.newest.ask('elicitation/create')).toMatchObject({ result: { action: 'accept' } });
    expect(bob.exchange.asks).toHaveLength(1);
    answer({ result: new JsonText('{"action":"decline"}') });
    expect(await asked).toMatchObject({ result: { action: 'decline' } });
    const connections = server.connections.length;
    void call('t', anyone('eve'));
    await vi.waitFor(() => expect(shared.received.filter(({ method }) => method === 'tools/call')).toHaveLength(2));
    expect(server.connections).toHaveLength(connections);
  });

  it('answer ping and nothing that no client knows', async () => {
    const { upstream, server } = setUp(new ScriptedServer('legacy'));
    await upstream.connect();
    expect(await server.newest.ask('ping')).toMatchObject({ result: {} });
    expect(await server.newest.ask('tools/list')).toMatchObject({ error: { code: -32601 } });
  });

  it('set the log level before a call that wants more, and pass messages on to it', async () => {
    const server = new ScriptedServer('legacy', { logging: {} });
    server.scripts.set('tools/call', (_message, connection) => {
      connection.send({ method: 'notifications/message', params: { level: 'info', data: 'hi' } });
      return { result: {} };
    });
    const { call } = setUp(server);
    const { exchange, outcome } = call('t', testClient({ logLevel: 'info' }));
    await outcome;
    await call('t', testClient({ logLevel: 'error' })).outcome;
    const methods = server.newest.received.map(({ method }) => method);
    expect(methods.filter((method) => method === 'logging/setLevel')).toHaveLength(1);
    expect(methods.indexOf('logging/setLevel')).toBeLessThan(methods.indexOf('tools/call'));
    expect(exchange.notes).toMatchObject([{ method: 'notifications/message', params: { data: 'hi' } }]);
  });
});

describe('what happens outside of calls', () => {
  it('is heard of a legacy server, for the resources that are watched, also after a reconnect', async () => {
    const server = new ScriptedServer('legacy', { resources: { subscribe: true }, tools: { listChanged: true } });
    const { upstream, events } = setUp(server);
    upstream.watch(new Set(['a:1', 'a:2']));
    await upstream.connect();
    await got(server, 'resources/subscribe', 2);
    upstream.watch(new Set(['a:2', 'a:3']));
    await got(server, 'resources/unsubscribe');
    expect(server.newest.last('resources/unsubscribe')?.params).toEqual({ uri: 'a:1' });
    server.newest.send({ method: 'notifications/resources/updated', params: { uri: 'a:2' } });
    server.newest.send({ method: 'notifications/tools/list_changed' });
    await vi.waitFor(() => expect(events.log).toEqual(['a:2 updated', 'tools changed']));
    server.newest.die();
    await upstream.connect();
    await got(server, 'resources/subscribe', 5);
    const uris = server.newest.received.flatMap(({ params }) => params?.['uri'] ?? []);
    expect(uris).toEqual(['a:2', 'a:3']);
  });

  it('is heard of a modern server by one subscription, replaced when the set changes', async () => {
    const server = new ScriptedServer('modern', { prompts: { listChanged: true }, resources: { subscribe: true } });
    server.scripts.set('subscriptions/listen', SILENT);
    const { upstream, events } = setUp(server);
    await upstream.connect();
    await got(server, 'subscriptions/listen');
    const first = server.newest.last('subscriptions/listen');
    expect(first?.params).toMatchObject({ notifications: { promptsListChanged: true } });
    upstream.watch(new Set(['a:1']));
    await got(server, 'notifications/cancelled');
    expect(server.newest.last('notifications/cancelled')?.params).toMatchObject({ requestId: first?.id });
    expect(server.newest.last('subscriptions/listen')?.params).toMatchObject({
      notifications: { promptsListChanged: true, resourceSubscriptions: ['a:1'] },
    });
    server.newest.send({ method: 'notifications/subscriptions/acknowledged', params: {} });
    server.newest.send({ method: 'notifications/prompts/list_changed', params: {} });
    server.newest.send({ method: 'notifications/resources/updated', params: { uri: 'a:1' } });
    await vi.waitFor(() => expect(events.log).toEqual(['prompts changed', 'a:1 updated']));
  });

  it('is asked for again after the server ended the subscription, but not after it refused it', async () => {
    vi.useFakeTimers();
    const server = new ScriptedServer('modern', { tools: { listChanged: true } });
    const listens = () => server.newest.received.filter(({ method }) => method === 'subscriptions/listen');
    server.scripts.set('subscriptions/listen', SILENT);
    const { upstream, events } = setUp(server);
    await upstream.connect();
    await vi.advanceTimersByTimeAsync(1);
    server.newest.send({ method: 'notifications/cancelled', params: { requestId: listens()[0]?.id } });
    await vi.advanceTimersByTimeAsync(1100);
    expect(listens()).toHaveLength(2);
    expect(events.log).toEqual([]);
    const _meta = { 'io.modelcontextprotocol/subscriptionId': listens()[1]?.id };
    server.newest.send({ method: 'notifications/subscriptions/acknowledged', params: { _meta } });
    await vi.advanceTimersByTimeAsync(1);
    expect(events.log).toEqual(['tools changed']); // what happened in between is not known
    server.newest.send({ id: listens()[1]?.id, error: { code: -32601, message: 'no' } });
    await vi.advanceTimersByTimeAsync(120_000);
    expect(listens()).toHaveLength(2);
  });
});

describe('a large message that is no JSON within', () => {
  const pad = 'x'.repeat(40_000);

  it.each([
    '"method":"notifications/resources/updated","params":{"uri":[},"pad":PAD}',
    '"method":"notifications/message","params":{"level":[},"pad":PAD}',
    '"method":"notifications/progress","params":{PAD}',
    '"method":"notifications/cancelled","params":{PAD}',
    '"id":1,"method":"elicitation/create","params":{"mode":[},"pad":PAD}',
  ])('is dropped without an exception: %s', async (members) => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { upstream } = setUp(server);
    const outcome = upstream.call(toolCall('t'), new TestExchange());
    await got(server, 'tools/call');
    const { channel } = server.newest;
    expect(() => channel.onMessage(`{"jsonrpc":"2.0",${members.replace('PAD', `"${pad}"`)}}`)).not.toThrow();
    server.newest.send({ id: server.newest.last('tools/call')?.id, result: {} });
    expect((await outcome).result?.text).toBe('{}');
  });
});

describe('closing', () => {
  it('cancels what is in flight, closes every channel, and ends an attempt to connect', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/call', SILENT);
    const { call, upstream, events } = setUp(server);
    const shared = call('t');
    const own = call('t', testClient({ sessionId: 'a', capabilities: ASKABLE }));
    await got(server, 'tools/call', 2);
    await upstream.close();
    await upstream.close();
    expect((await shared.outcome).error?.code).toBe(-32800);
    expect((await own.outcome).error?.code).toBe(-32800);
    expect(server.connections.every(({ closed }) => closed)).toBe(true);
    expect(events.log).toEqual([]);
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('does not wait for a server that says nothing', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('initialize', SILENT);
    const { upstream } = setUp(server);
    const connecting = upstream.connect();
    await got(server, 'initialize');
    await Promise.all([upstream.close(), expect(connecting).rejects.toMatchObject({ code: 'cancelled' })]);
    expect(server.newest.closed).toBe(true);
  });
});
