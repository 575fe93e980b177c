import { describe, expect, it } from 'vitest';
import { type ChannelOptions, serveChannel, type ChannelEdge } from './edge-channel.ts';
import { ALICE, deferred, MemoryChannel, MemoryEndpoint, modernMeta, settled } from './edge.fixture.ts';
import type { ServerDescription } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Exchange, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { MAX_IN_FLIGHT } from './legacy-session.ts';
import { resultOutcome } from './outcome.ts';
import { LEGACY_VERSIONS, META } from './versions.ts';

const DONE = resultOutcome(new JsonText('{"resultType":"complete","content":[]}'));

/** A client at the other end of a served channel. */
class Client {
  readonly endpoint = new MemoryEndpoint();
  readonly channel = new MemoryChannel();
  readonly edge: ChannelEdge;

  constructor(
    serve: (exchange: Exchange) => Outcome | Promise<Outcome> = () => DONE,
    options?: Partial<ChannelOptions>,
  ) {
    this.endpoint.handlers.set('tools/call', (_request, exchange) => serve(exchange));
    this.edge = serveChannel(this.endpoint, this.channel, { caller: ALICE, ...options });
  }

  legacy(method: string, params?: unknown, id?: unknown): void {
    this.channel.receive({ jsonrpc: '2.0', id, method, params });
  }
  modern(method: string, params: Record<string, unknown> = {}, id: unknown = 1): void {
    this.legacy(method, { ...params, _meta: modernMeta() }, id);
  }
  async initialize(protocolVersion = '2025-11-25', capabilities: unknown = {}): Promise<void> {
    const already = this.channel.sent.length;
    this.legacy('initialize', { protocolVersion, capabilities }, 'init');
    await this.channel.has(already + 1);
  }
  /** What came after `from` messages. */
  async next(count: number, from = 0): Promise<Record<string, unknown>[]> {
    return (await this.channel.has(from + count)).slice(from);
  }
}

describe('a channel', () => {
  it('serves both eras side by side', async () => {
    const client = new Client();
    await client.initialize();
    client.modern('tools/call', { name: 'a' }, 'm');
    client.legacy('tools/call', { name: 'a' }, 'l');
    const answers = await client.next(2, 1);
    expect(answers.find(({ id }) => id === 'm')?.['result']).toEqual({ resultType: 'complete', content: [] });
    expect(answers.find(({ id }) => id === 'l')?.['result']).toEqual({ content: [] });
    expect(client.endpoint.requests.map((request) => request.client.era)).toEqual(['modern', 'legacy']);
  });

  it.each([
    ['not JSON', '{', null, -32700],
    ['no message', '5', null, -32600],
    ['a modern request without capabilities', { _meta: { [META.protocolVersion]: '2026-07-28' } }, 1, -32602],
    [
      'a modern request of an unknown version',
      { _meta: modernMeta({ [META.protocolVersion]: '2099-01-01' }) },
      1,
      -32022,
    ],
  ])('answers %s with an error', async (_what, params, id, code) => {
    const client = new Client();
    if (typeof params === 'string') client.channel.receive(params);
    else client.legacy('tools/list', params, 1);
    expect(await client.next(1)).toMatchObject([{ id, error: { code } }]);
  });

  it('answers each request once, and refuses an id that is in flight, in either era', async () => {
    const outcome = deferred<Outcome>();
    const client = new Client(() => outcome.promise);
    await client.initialize();
    client.modern('tools/call', { name: 'a' }, 1);
    client.modern('tools/call', { name: 'a' }, 1);
    client.legacy('tools/call', { name: 'a' }, 2);
    client.legacy('tools/call', { name: 'a' }, 2);
    outcome.resolve(DONE);
    await settled();
    const ids = (await client.next(4, 1)).map(({ id, error }) => [id, error !== undefined]);
    expect(ids).toEqual([
      [1, true],
      [2, true],
      [1, false],
      [2, false],
    ]);
    expect(client.channel.sent).toHaveLength(5);
  });

  it('carries notes ahead of the answer', async () => {
    const client = new Client((exchange) => {
      exchange.note('notifications/progress', new JsonText('{"progressToken":1,"progress":1}'));
      return DONE;
    });
    client.legacy('tools/call', { name: 'a', _meta: modernMeta({ progressToken: 'p' }) }, 1);
    expect(await client.next(2)).toMatchObject([{ params: { progressToken: 'p' } }, { id: 1 }]);
  });

  it('cancels by notification, which needs no version; a cancelled request is never answered', async () => {
    const reasons: unknown[] = [];
    const outcome = deferred<Outcome>();
    const client = new Client((exchange) => {
      exchange.onCancel((reason) => reasons.push(reason));
      return outcome.promise;
    });
    await client.initialize();
    client.modern('tools/call', { name: 'a' }, 'm');
    client.legacy('tools/call', { name: 'a' }, 'l');
    client.legacy('notifications/cancelled', { requestId: 'm', reason: 'one' });
    client.legacy('notifications/cancelled', { requestId: 'l', reason: 'two' });
    client.legacy('notifications/cancelled', { requestId: 'unknown' });
    expect(reasons).toEqual(['one', 'two']);
    outcome.resolve(DONE);
    await settled();
    await client.edge.close();
    expect(client.channel.sent).toHaveLength(1);
  });

  it('never answers what was cancelled, not even when the edge closes before that has come to rest', async () => {
    const client = new Client(() => new Promise(() => {}));
    client.modern('subscriptions/listen', { notifications: {} }, 's');
    await client.next(1);
    client.modern('tools/call', { name: 'a' }, 'm');
    client.legacy('notifications/cancelled', { requestId: 'm' });
    client.legacy('notifications/cancelled', { requestId: 's' });
    await client.edge.close();
    expect(client.channel.sent).toHaveLength(1);
  });

  it('takes an id again when its request has been answered', async () => {
    const client = new Client();
    client.modern('tools/call', { name: 'a' }, 1);
    await client.next(1);
    await settled();
    client.modern('tools/call', { name: 'a' }, 1);
    expect(await client.next(1, 1)).toMatchObject([{ id: 1, result: {} }]);
  });

  it('refuses what is too much to have in flight', async () => {
    const client = new Client(() => new Promise(() => {}));
    for (let id = 0; id < MAX_IN_FLIGHT; id += 1) client.modern('tools/call', { name: 'a' }, id);
    client.modern('tools/call', { name: 'a' }, 'more');
    expect(await client.next(1)).toMatchObject([{ id: 'more', error: { code: -32010 } }]);
  });

  it('cancels everything when it closes', async () => {
    const reasons: unknown[] = [];
    const client = new Client((exchange) => {
      exchange.onCancel(() => reasons.push(exchange));
      return new Promise(() => {});
    });
    await client.initialize();
    client.modern('tools/call', { name: 'a' }, 'm');
    client.legacy('tools/call', { name: 'a' }, 'l');
    client.modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, 's');
    await settled();
    client.channel.onClose(new Error('EOF'));
    expect(reasons).toHaveLength(2);
    expect(client.endpoint.heard.map(({ closed }) => closed)).toEqual([true, true]);
    expect(client.endpoint.ended).toHaveLength(1);
    const before = client.endpoint.requests.length;
    client.modern('tools/call', { name: 'a' }, 'late');
    expect(client.endpoint.requests).toHaveLength(before);
  });

  it('answers everything that is pending when the edge closes it', async () => {
    const client = new Client(() => new Promise(() => {}));
    await client.initialize();
    client.modern('tools/call', { name: 'a' }, 'm');
    client.legacy('tools/call', { name: 'a' }, 'l');
    await client.edge.close();
    expect(await client.next(2, 1)).toMatchObject([
      { id: 'm', error: { code: -32800 } },
      { id: 'l', error: { code: -32001 } },
    ]);
    expect(client.channel.isClosed).toBe(true);
  });

  it('takes no new requests while it waits for those in flight, but answers to its questions', async () => {
    const client = new Client(async (exchange) => {
      const answer = await exchange.ask({ method: 'roots/list', params: undefined });
      return resultOutcome(answer.result ?? new JsonText('{}'), 'legacy');
    });
    await client.initialize('2025-11-25', { roots: {} });
    client.legacy('tools/call', { name: 'a' }, 1);
    await client.next(1, 1);
    const closed = client.edge.close(5000);
    client.legacy('tools/call', { name: 'a' }, 2);
    client.modern('tools/call', { name: 'a' }, 3);
    client.channel.receive([{ jsonrpc: '2.0', id: 4, method: 'ping' }]);
    expect(await client.next(3, 2)).toMatchObject([
      { id: 2, error: { code: -32010 } },
      { id: 3, error: { code: -32010 } },
      { error: { code: -32010 } },
    ]);
    client.channel.receive({ jsonrpc: '2.0', id: 1, result: { roots: [] } });
    await closed;
    expect(await client.next(1, 5)).toMatchObject([{ id: 1, result: { roots: [] } }]);
  });

  it('knows its caller and its endpoint as they were last renewed, in every era', async () => {
    const client = new Client(undefined, { bareRequests: true });
    client.legacy('tools/call', { name: 'a' }, 'bare');
    await client.next(1);
    await client.initialize();
    const endpoint = new MemoryEndpoint();
    endpoint.handlers.set('tools/call', () => DONE);
    const caller = { ...ALICE };
    client.edge.renew(caller, endpoint);
    client.legacy('tools/call', { name: 'a' }, 1);
    client.modern('tools/call', { name: 'a' }, 2);
    await client.next(2, 2);
    expect(client.endpoint.requests).toHaveLength(1);
    expect(endpoint.requests.map((request) => request.client.caller)).toEqual([caller, caller]);
    expect(endpoint.requests[0]?.client.caller).toBe(caller);
  });

  it('serves one era alone where that is wanted', async () => {
    const modern = new Client(undefined, { eras: ['modern'] });
    modern.legacy('initialize', { protocolVersion: '2025-11-25' }, 1);
    expect(await modern.next(1)).toMatchObject([
      { id: 1, error: { code: -32022, data: { supported: ['2026-07-28'] } } },
    ]);
    modern.modern('server/discover');
    expect((await modern.next(1, 1))[0]).toMatchObject({ result: { supportedVersions: ['2026-07-28'] } });
    const legacy = new Client(undefined, { eras: ['legacy'] });
    legacy.modern('server/discover');
    expect(await legacy.next(1)).toMatchObject([
      { id: 1, error: { code: -32022, data: { supported: LEGACY_VERSIONS } } },
    ]);
  });
});

describe('a subscription on a channel', () => {
  it('is tagged, beside others, and ends when it is cancelled', async () => {
    const client = new Client();
    client.modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, 'a');
    client.modern('subscriptions/listen', { notifications: { toolsListChanged: true } }, 'b');
    await client.next(2);
    client.legacy('notifications/cancelled', { requestId: 'a' });
    expect(client.endpoint.heard.map(({ closed }) => closed)).toEqual([true, false]);
    for (const { listener } of client.endpoint.heard) listener.note('notifications/tools/list_changed', undefined);
    await settled();
    expect(await client.next(1, 2)).toMatchObject([{ params: { _meta: { [META.subscriptionId]: 'b' } } }]);
    expect(client.channel.sent).toHaveLength(3);
  });

  it('ends with its result, and is called off, when the edge closes', async () => {
    const client = new Client();
    client.modern('subscriptions/listen', { notifications: {} }, 7);
    await client.next(1);
    await client.edge.close();
    expect(await client.next(2, 1)).toMatchObject([
      { id: 7, result: { resultType: 'complete', _meta: { [META.subscriptionId]: 7 } } },
      { method: 'notifications/cancelled', params: { requestId: 7 } },
    ]);
  });
});

describe('the legacy session of a channel', () => {
  it('must be opened before anything but ping', async () => {
    const client = new Client();
    client.legacy('tools/list', {}, 1);
    client.legacy('notifications/initialized');
    client.legacy('ping', undefined, 2);
    expect(await client.next(2)).toMatchObject([
      { id: 1, error: { code: -32600 } },
      { id: 2, result: {} },
    ]);
    expect(client.endpoint.requests).toEqual([]);
  });

  it('need not be opened where bare requests are taken, which can ask nothing and are cancelled like others', async () => {
    const reasons: unknown[] = [];
    const client = new Client(
      async (exchange) => {
        const answer = await exchange.ask({ method: 'roots/list', params: undefined });
        if (answer.error === undefined) return DONE;
        return new Promise((resolve) => {
          exchange.onCancel((reason) => {
            reasons.push(reason);
            resolve(DONE);
          });
        });
      },
      { bareRequests: true },
    );
    client.endpoint.handlers.set('tools/list', () => resultOutcome(new JsonText('{"tools":[]}'), 'legacy'));
    client.legacy('tools/list', undefined, 1);
    expect(await client.next(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: { tools: [] } }]);
    client.legacy('tools/call', { name: 'a' }, 2);
    await settled();
    client.legacy('notifications/cancelled', { requestId: 2, reason: 'enough' });
    await settled();
    expect(reasons).toEqual(['enough']);
    await client.initialize();
    expect((await client.next(1, 1))[0]).toMatchObject({ id: 'init', result: { protocolVersion: '2025-11-25' } });
    client.channel.onClose(new Error('EOF'));
    expect(client.endpoint.ended).toHaveLength(2);
  });

  it('may be used before its opening is answered, in order', async () => {
    const described = deferred<ServerDescription>();
    const client = new Client();
    const description = client.endpoint.description as ServerDescription;
    client.endpoint.description = described.promise;
    client.legacy('initialize', { protocolVersion: '2025-11-25' }, 'init');
    client.legacy('notifications/initialized');
    client.legacy('tools/call', { name: 'a' }, 1);
    client.legacy('initialize', { protocolVersion: '2025-11-25' }, 'again');
    described.resolve(description);
    expect((await client.next(3)).map(({ id, error }) => [id, error !== undefined])).toEqual([
      ['init', false],
      ['again', true],
      [1, false],
    ]);
  });

  it('is not opened when the channel closes before', async () => {
    const described = deferred<ServerDescription>();
    const client = new Client();
    const description = client.endpoint.description as ServerDescription;
    client.endpoint.description = described.promise;
    client.legacy('initialize', { protocolVersion: '2025-11-25' }, 'init');
    client.channel.onClose(new Error('EOF'));
    described.resolve(description);
    await settled();
    expect(client.endpoint.heard).toEqual([]);
  });

  it('holds back no more than may be in flight', async () => {
    const client = new Client();
    client.endpoint.description = new Promise(() => {});
    client.legacy('initialize', { protocolVersion: '2025-11-25' }, 'init');
    for (let id = 0; id <= MAX_IN_FLIGHT; id += 1) client.legacy('tools/call', { name: 'a' }, id);
    expect(await client.next(1)).toMatchObject([{ id: MAX_IN_FLIGHT, error: { code: -32010 } }]);
  });

  it('answers what waited for it when it cannot be opened', async () => {
    const client = new Client();
    client.endpoint.description = Promise.reject(new ForgeError('upstream_unreachable'));
    client.legacy('initialize', { protocolVersion: '2025-11-25' }, 'init');
    client.legacy('tools/call', { name: 'a' }, 1);
    expect(await client.next(2)).toMatchObject([
      { id: 'init', error: { code: -32603 } },
      { id: 1, error: { code: -32600 } },
    ]);
  });

  it('hears of changes without asking for a stream, and can be asked', async () => {
    const client = new Client(async (exchange) => {
      const answer = await exchange.ask({ method: 'roots/list', params: undefined });
      return resultOutcome(answer.result ?? new JsonText('{}'), 'legacy');
    });
    await client.initialize('2025-11-25', { roots: {} });
    client.endpoint.heard[0]?.listener.note('notifications/tools/list_changed', undefined);
    client.legacy('tools/call', { name: 'a' }, 1);
    const [changed, asked] = await client.next(2, 1);
    expect(changed).toMatchObject({ method: 'notifications/tools/list_changed' });
    expect(asked).toEqual({ jsonrpc: '2.0', id: 1, method: 'roots/list' });
    client.channel.receive({ jsonrpc: '2.0', id: 1, result: { roots: [] } });
    expect(await client.next(1, 3)).toMatchObject([{ id: 1, result: { roots: [] } }]);
  });

  it('has an id of its own, and the endpoint hears of its end', async () => {
    const client = new Client();
    await client.initialize();
    client.legacy('tools/call', { name: 'a' }, 1);
    await client.next(1, 1);
    const sessionId = client.endpoint.requests[0]?.client.sessionId;
    expect(sessionId).toMatch(/^[0-9a-f]{32}$/);
    await client.edge.close();
    expect(client.endpoint.ended).toEqual([sessionId]);
  });

  it('answers a batch of 2025-03-26 by one array', async () => {
    const client = new Client();
    await client.initialize('2025-03-26');
    const ping = (id: number): unknown => ({ jsonrpc: '2.0', id, method: 'ping' });
    client.channel.receive([ping(1), ping(2)]);
    expect((await client.next(1, 1))[0]).toMatchObject([{ id: 1 }, { id: 2 }]);
  });
});
