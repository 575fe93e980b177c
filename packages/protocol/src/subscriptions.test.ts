import { afterEach, describe, expect, it, vi } from 'vitest';
import { deferred, HttpClient, MemoryEndpoint, modernPost, settled } from './edge.fixture.ts';
import { createHttpEdge } from './edge-http.ts';
import type { ServerDescription } from './endpoint.ts';
import { JsonText } from './json-text.ts';
import { MAX_SUBSCRIBED, READY_MS } from './subscriptions.ts';
import { META } from './versions.ts';

const EVERYTHING = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: ['file:///a'],
};

afterEach(() => {
  vi.useRealTimers();
});

describe('subscriptions/listen', () => {
  it('is acknowledged first, under the id of the client, with what was asked for and is offered', async () => {
    const client = new HttpClient();
    const reply = client.modern('subscriptions/listen', { notifications: EVERYTHING }, 'sub');
    const [acknowledged] = await reply.hasEvents(1);
    const { promptsListChanged: _notOffered, ...offered } = EVERYTHING;
    expect(acknowledged).toEqual({
      jsonrpc: '2.0',
      method: 'notifications/subscriptions/acknowledged',
      params: { notifications: offered, _meta: { [META.subscriptionId]: 'sub' } },
    });
    expect(client.endpoint.heard[0]?.updates).toEqual([offered]);
    expect(client.edge.subscriptions).toBe(1);
  });

  it('leaves out what was not asked for', async () => {
    const client = new HttpClient();
    const filter = { toolsListChanged: false, resourcesListChanged: true, unknown: true };
    await client.modern('subscriptions/listen', { notifications: filter }).hasEvents(1);
    expect(client.endpoint.heard[0]?.updates).toEqual([{ resourcesListChanged: true }]);
  });

  it('passes on what it was asked for, tagged, whatever tag stood there', async () => {
    const client = new HttpClient();
    const reply = client.modern('subscriptions/listen', { notifications: { resourceSubscriptions: ['a'] } }, 5);
    await reply.hasEvents(1);
    const params = `{"_meta":{"${META.subscriptionId}":"upstream","x":1.0},"uri":"a/b"}`;
    client.endpoint.heard[0]?.listener.note('notifications/resources/updated', new JsonText(params));
    expect(reply.events[1]).toContain(`"params":{"_meta":{"${META.subscriptionId}":5,"x":1.0},"uri":"a/b"}`);
  });

  it('never passes on what was not asked for', async () => {
    const client = new HttpClient();
    const reply = client.modern('subscriptions/listen', { notifications: { toolsListChanged: true } });
    await reply.hasEvents(1);
    const { listener } = client.endpoint.heard[0] ?? {};
    listener?.note('notifications/resources/list_changed', undefined);
    listener?.note('notifications/message', JsonText.of({ level: 'error', data: 1 }));
    listener?.note('notifications/progress', JsonText.of({ progressToken: 1, progress: 1 }));
    listener?.note('notifications/tools/list_changed', undefined);
    expect(reply.parsedEvents.map((event) => event['method'])).toEqual([
      'notifications/subscriptions/acknowledged',
      'notifications/tools/list_changed',
    ]);
  });

  it('is acknowledged when the servers listen', async () => {
    const client = new HttpClient();
    const ready = deferred<void>();
    client.endpoint.ready = ready.promise;
    const reply = client.modern('subscriptions/listen', { notifications: EVERYTHING });
    await settled();
    expect(reply.events).toEqual([]);
    ready.resolve();
    await reply.hasEvents(1);
    expect(reply.events).toEqual([expect.stringContaining('acknowledged')]);
  });

  it('is acknowledged before the first thing that it tells, and once', async () => {
    const client = new HttpClient();
    const ready = deferred<void>();
    client.endpoint.ready = ready.promise;
    const reply = client.modern('subscriptions/listen', { notifications: EVERYTHING });
    await settled();
    client.endpoint.heard[0]?.listener.note('notifications/tools/list_changed', undefined);
    ready.resolve();
    await settled();
    expect(reply.parsedEvents.map((event) => event['method'])).toEqual([
      'notifications/subscriptions/acknowledged',
      'notifications/tools/list_changed',
    ]);
  });

  it('is acknowledged after a while in any case: one silent server must not be in the way of the others', async () => {
    vi.useFakeTimers();
    const client = new HttpClient();
    client.endpoint.ready = new Promise(() => {});
    const reply = client.modern('subscriptions/listen', { notifications: EVERYTHING });
    await vi.advanceTimersByTimeAsync(READY_MS - 1);
    expect(reply.events).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(reply.events).toHaveLength(1);
  });

  it('may not be large over HTTP, because it is held for as long as it lasts', async () => {
    const client = new HttpClient();
    const reply = client.modern('subscriptions/listen', { notifications: EVERYTHING, pad: 'x'.repeat(140_000) });
    expect(reply.status).toBe(413);
    expect(client.edge.subscriptions).toBe(0);
  });

  it('gives no way to ask', async () => {
    const client = new HttpClient();
    await client.modern('subscriptions/listen', { notifications: EVERYTHING }).hasEvents(1);
    expect(client.endpoint.heard[0]?.listener).not.toHaveProperty('ask');
  });

  it('ends when the client closes the stream', async () => {
    const client = new HttpClient();
    const reply = client.modern('subscriptions/listen', { notifications: EVERYTHING });
    await reply.hasEvents(1);
    reply.close();
    expect(client.endpoint.heard[0]?.closed).toBe(true);
    expect(client.edge.subscriptions).toBe(0);
    await settled();
    expect(reply.events).toHaveLength(1);
  });

  it('never starts when the client left before the endpoint was described', async () => {
    const described = deferred<ServerDescription>();
    const client = new HttpClient();
    const description = client.endpoint.description as ServerDescription;
    client.endpoint.description = described.promise;
    client.modern('subscriptions/listen', { notifications: EVERYTHING }).close();
    described.resolve(description);
    await settled();
    expect(client.endpoint.heard).toEqual([]);
  });

  it('ends with its result when the edge closes, and no other starts', async () => {
    const client = new HttpClient();
    const reply = client.modern('subscriptions/listen', { notifications: EVERYTHING }, 'sub');
    await reply.hasEvents(1);
    await client.edge.close();
    expect(reply.isEnded).toBe(true);
    expect(reply.answer).toEqual({
      jsonrpc: '2.0',
      id: 'sub',
      result: { resultType: 'complete', _meta: { [META.subscriptionId]: 'sub' } },
    });
    const late = await client.modern('subscriptions/listen', { notifications: EVERYTHING }).ended();
    expect(late).toMatchObject({ status: 503 });
  });

  it('is refused with Retry-After when there are too many, and accepted when one has gone', async () => {
    const client = new HttpClient(new MemoryEndpoint(), createHttpEdge({ maxSubscriptions: 1 }));
    const first = client.modern('subscriptions/listen', { notifications: {} });
    await first.hasEvents(1);
    const second = await client.modern('subscriptions/listen', { notifications: {} }, 2).ended();
    expect(second).toMatchObject({ status: 503, headers: { 'Retry-After': '5' }, answer: { id: 2 } });
    first.close();
    await client.modern('subscriptions/listen', { notifications: {} }).hasEvents(1);
  });

  it.each([
    ['no filter', {}],
    ['a filter that is a list', { notifications: [] }],
    ['URIs that are no list', { notifications: { resourceSubscriptions: 'a' } }],
    ['URIs that are no strings', { notifications: { resourceSubscriptions: [1] } }],
    ['too many URIs', { notifications: { resourceSubscriptions: Array(MAX_SUBSCRIBED + 1).fill('a') } }],
  ])('with %s is invalid', async (_what, params) => {
    const reply = await new HttpClient().modern('subscriptions/listen', params).ended();
    expect(reply).toMatchObject({ status: 400, answer: { id: 1, error: { code: -32602 } } });
  });

  it('from a client that takes no events is not acceptable', async () => {
    const request = modernPost('subscriptions/listen', { notifications: {} });
    const headers = { ...request.headers, accept: 'application/json' };
    expect(await new HttpClient().send({ ...request, headers }).ended()).toMatchObject({ status: 406 });
  });
});
