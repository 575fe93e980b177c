/** Sessions that outlive their edge, or its memory of them. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BOB, HttpClient, MemoryEndpoint, type MemoryReply } from './edge.fixture.ts';
import { createHttpEdge, type HttpEdge, type HttpEdgeOptions } from './edge-http.ts';
import type { Client } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { MAX_ID_CHARS } from './legacy-session-ids.ts';
import type { SessionMemory, SessionState } from './legacy-session-memory.ts';
import { resultOutcome } from './outcome.ts';

const KEY = new Uint8Array(32).fill(7);
const DAY = 86_400_000;
const CAPABILITIES = { elicitation: { form: {}, url: {} }, experimental: { ключ: { x: 1 } } };

/** Keeps states as a database would. */
class Memory implements SessionMemory {
  readonly states = new Map<string, SessionState>();
  loads = 0;
  async load(id: string): Promise<SessionState | undefined> {
    this.loads += 1;
    return this.states.get(id);
  }
  save(id: string, state: SessionState): void {
    this.states.set(id, state);
  }
  forget(id: string): void {
    this.states.delete(id);
  }
}

let memory: Memory;
let clients: Client[];
beforeEach(() => {
  memory = new Memory();
  clients = [];
});
afterEach(() => {
  vi.useRealTimers();
});

function edgeWith(sessions: HttpEdgeOptions['sessions'] = {}): HttpEdge {
  return createHttpEdge({ sessions: { key: KEY, memory, ...sessions } });
}

/** A client in a session; its endpoint remembers how each `tools/list` came. */
async function inSession(edge = edgeWith(), version = '2025-06-18', capabilities: unknown = CAPABILITIES) {
  const client = new HttpClient(endpointThatListens(), edge);
  await client.initialize(version, capabilities);
  return client;
}

function endpointThatListens(key = 'one'): MemoryEndpoint {
  const endpoint = new MemoryEndpoint(key);
  endpoint.handlers.set('tools/list', ({ client }) => {
    clients.push(client);
    return resultOutcome(JsonText.of({ tools: [] }));
  });
  return endpoint;
}

/** The same client at the next process. */
function elsewhere(client: HttpClient, edge = edgeWith(), endpoint = endpointThatListens(), caller = client.caller) {
  const next = new HttpClient(endpoint, edge, caller);
  next.headers = client.headers;
  return next;
}

const list = (client: HttpClient): Promise<MemoryReply> => client.request('tools/list').ended();

describe('a session whose id carries it', () => {
  it('goes on in another process with what it said first, to the character', async () => {
    const client = await inSession();
    await list(client);
    expect(await list(elsewhere(client))).toMatchObject({ status: 200, answer: { id: 1, result: { tools: [] } } });
    const [here, there] = clients;
    expect(there?.capabilities.text).toBe(JSON.stringify(CAPABILITIES));
    expect(there?.info?.text).toBe(here?.info?.text);
    expect(there).toMatchObject({ protocolVersion: '2025-06-18', sessionId: client.headers['mcp-session-id'] });
  });

  it('shows nothing in its id, which is safe in a header', async () => {
    const client = await inSession();
    const id = client.headers['mcp-session-id'] ?? '';
    expect(id).toMatch(/^forge-session\.[\w-]+$/);
    expect(id.length).toBeLessThan(400);
    expect(Buffer.from(id.slice(14), 'base64url').toString('latin1')).not.toMatch(/elicitation|alice|2025/);
  });

  it('is 404 for another caller, another endpoint, another key and any other text, and stays his', async () => {
    const client = await inSession();
    const edge = edgeWith();
    const forged = elsewhere(client, edge);
    forged.headers = { 'mcp-session-id': `${client.headers['mcp-session-id']}A` };
    const strangers = [
      elsewhere(client, edge, endpointThatListens(), BOB),
      elsewhere(client, edge, endpointThatListens('two')),
      elsewhere(client, edgeWith({ key: new Uint8Array(32) })),
      forged,
    ];
    for (const stranger of strangers) {
      const replies = [stranger.request('ping'), stranger.get(), stranger.delete()];
      for (const reply of replies) expect(await reply.ended()).toMatchObject({ status: 404 });
      // Nothing is left to reject later: vitest fails on that.
      expect(stranger.get({ 'mcp-protocol-version': 'x' })).toMatchObject({ status: 400 });
      expect(stranger.edge.sessions).toBe(0);
    }
    expect(memory.loads).toBe(0);
    expect(await elsewhere(client, edge).request('ping').ended()).toMatchObject({ status: 200 });
  });

  it('is one session, however many requests revive it at once', async () => {
    const edge = edgeWith();
    const next = elsewhere(await inSession(), edge);
    const replies = Array.from({ length: 20 }, (_, id) => next.request('tools/list', {}, id));
    for (const reply of replies) expect(await reply.ended()).toMatchObject({ status: 200 });
    expect(edge.sessions).toBe(1);
  });

  it('is served synchronously once it is known', async () => {
    const next = elsewhere(await inSession());
    await next.request('ping').ended();
    expect(next.request('ping').isEnded).toBe(true);
    expect(memory.loads).toBe(1);
  });

  it('takes notifications, streams and its end where it was not known', async () => {
    const client = await inSession();
    expect(await elsewhere(client).notify('notifications/initialized').ended()).toMatchObject({ status: 202 });
    const listening = elsewhere(client);
    const stream = listening.get();
    await vi.waitFor(() => expect(stream.isStream).toBe(true));
    expect(listening.endpoint.heard).toHaveLength(1);
    expect(await elsewhere(client).delete().ended()).toMatchObject({ status: 204 });
  });

  it('is asked in another process what it may be asked', async () => {
    const next = elsewhere(await inSession());
    next.endpoint.handlers.set('tools/call', async (_request, exchange) => {
      const { result, error } = await exchange.ask({
        method: 'elicitation/create',
        params: JsonText.of({ message: '?' }),
      });
      return resultOutcome(result ?? JsonText.of({ refused: error?.message }), 'legacy');
    });
    const call = next.request('tools/call', { name: 'a' });
    const [asked] = await call.hasEvents(1);
    next.post({ jsonrpc: '2.0', id: asked?.['id'], result: { action: 'decline' } });
    expect((await call.ended()).answer).toMatchObject({ result: { action: 'decline' } });
  });

  it('has had its day after a week, or as long as it is given', async () => {
    vi.useFakeTimers();
    const client = await inSession();
    vi.advanceTimersByTime(7 * DAY - 1);
    expect(await elsewhere(client).request('ping').ended()).toMatchObject({ status: 200 });
    vi.advanceTimersByTime(1);
    expect(await elsewhere(client).request('ping').ended()).toMatchObject({ status: 404 });
    expect(
      await elsewhere(client, edgeWith({ maxAgeMs: 8 * DAY }))
        .request('ping')
        .ended(),
    ).toMatchObject({ status: 200 });
  });

  it('comes back after it was idle for too long, or had to make room', async () => {
    vi.useFakeTimers();
    const edge = edgeWith({ max: 1 });
    const client = await inSession(edge);
    vi.advanceTimersByTime(60 * 60_000);
    expect(edge.sessions).toBe(0);
    expect(client.endpoint.ended).toEqual([client.headers['mcp-session-id']]);
    expect(await client.request('ping').ended()).toMatchObject({ status: 200 });
    const other = await inSession(edge);
    expect(edge.sessions).toBe(1);
    expect(await client.request('ping').ended()).toMatchObject({ status: 200 });
    expect(await other.request('ping').ended()).toMatchObject({ status: 200 });
  });

  it('does not come back after DELETE', async () => {
    const edge = edgeWith();
    const client = await inSession(edge);
    expect(client.delete()).toMatchObject({ status: 204 });
    for (const reply of [client.request('ping'), client.get(), client.delete()]) {
      expect(reply).toMatchObject({ status: 404 });
    }
  });

  it('is remembered as ended until 10,000 others are', async () => {
    const edge = edgeWith();
    const [first, second] = [await inSession(edge), await inSession(edge)];
    first.delete();
    second.delete();
    for (let n = 1; n < 10_000; n += 1) (await inSession(edge)).delete();
    expect(second.request('ping')).toMatchObject({ status: 404 });
    expect(await first.request('ping').ended()).toMatchObject({ status: 200 });
  });

  it('does not come back when it is ended while it is being revived', async () => {
    const client = await inSession();
    const edge = edgeWith();
    const ended: MemoryReply[] = [];
    const load = memory.load.bind(memory);
    memory.load = async () => {
      memory.load = load;
      ended.push(await elsewhere(client, edge).delete().ended());
      return undefined;
    };
    expect(await elsewhere(client, edge).request('ping').ended()).toMatchObject({ status: 404 });
    expect(ended).toMatchObject([{ status: 204 }]);
    expect(edge.sessions).toBe(0);
  });

  it('is refused with Retry-After by an edge that is full or closed', async () => {
    const client = await inSession();
    const full = edgeWith({ max: 1 });
    (await inSession(full)).get();
    const closed = edgeWith();
    await closed.close();
    for (const edge of [full, closed]) {
      const reply = await elsewhere(client, edge).request('ping').ended();
      expect(reply).toMatchObject({ status: 503, headers: { 'Retry-After': '10' }, answer: { id: 1 } });
    }
  });

  it('names its client by name and version alone where all of it would make the id too long', async () => {
    const edge = edgeWith();
    const client = new HttpClient(endpointThatListens(), edge);
    const clientInfo = { name: 'n', version: '1', icons: [{ src: 'x'.repeat(MAX_ID_CHARS) }] };
    const params = { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, clientInfo };
    const id = (await client.request('initialize', params).ended()).headers['Mcp-Session-Id'] ?? '';
    expect(id.length).toBeLessThan(400);
    client.headers = { 'mcp-session-id': id };
    await list(client);
    await list(elsewhere(client));
    expect(clients.map(({ info }) => info?.value)).toEqual([clientInfo, { name: 'n', version: '1' }]);
  });

  it('stays where it is when its capabilities are too long for an id', async () => {
    const client = await inSession(edgeWith(), '2025-11-25', { experimental: { x: 'y'.repeat(MAX_ID_CHARS) } });
    expect(client.headers['mcp-session-id']).toMatch(/^[0-9a-f]{32}$/);
    expect(client.request('ping')).toMatchObject({ status: 200 });
    expect(elsewhere(client).request('ping')).toMatchObject({ status: 404 });
  });

  it('answers calls that its process closes on with what is known of them', async () => {
    const client = await inSession();
    client.endpoint.handlers.set('tools/call', () => new Promise(() => {}));
    const call = client.request('tools/call', { name: 'a' });
    await client.edge.close();
    const message = 'The server closed before the call ended; it may have taken effect';
    expect(call).toMatchObject({ status: 502, answer: { error: { code: -32603, message } } });
  });
});

describe('what a client has asked of its stream', () => {
  it('goes on in another process', async () => {
    const client = await inSession();
    client.request('logging/setLevel', { level: 'error' });
    for (const uri of ['a://1', 'a://2', 'a://3']) client.request('resources/subscribe', { uri });
    client.request('resources/unsubscribe', { uri: 'a://2' });
    const next = elsewhere(client);
    const stream = next.get();
    await vi.waitFor(() => expect(stream.isStream).toBe(true));
    const [heard] = next.endpoint.heard;
    expect(heard?.updates).toMatchObject([{ resourceSubscriptions: ['a://1', 'a://3'], toolsListChanged: true }]);
    heard?.listener.note('notifications/resources/updated', JsonText.of({ uri: 'a://1' }));
    for (const level of ['info', 'error'])
      heard?.listener.note('notifications/message', JsonText.of({ level, data: 1 }));
    expect(stream.parsedEvents).toMatchObject([
      { method: 'notifications/resources/updated' },
      { method: 'notifications/message', params: { level: 'error' } },
    ]);
    await list(next);
    expect(clients[0]?.logLevel).toBe('error');
  });

  it('is kept only while there is something, and only of a session that can be revived', async () => {
    const client = await inSession();
    client.request('resources/subscribe', { uri: 'a://1' });
    expect(memory.states.size).toBe(1);
    client.request('resources/unsubscribe', { uri: 'a://1' });
    expect(memory.states.size).toBe(0);
    const local = await inSession(edgeWith(), '2025-11-25', { experimental: { x: 'y'.repeat(MAX_ID_CHARS) } });
    local.request('resources/subscribe', { uri: 'a://1' });
    expect(memory.states.size).toBe(0);
  });

  it('is forgotten with DELETE, wherever that arrives', async () => {
    const client = await inSession();
    client.request('logging/setLevel', { level: 'error' });
    expect(memory.states.size).toBe(1);
    await elsewhere(client).delete().ended();
    expect(memory.states.size).toBe(0);
  });

  it('that cannot be read fails the request, not the session', async () => {
    const next = elsewhere(await inSession());
    const load = memory.load.bind(memory);
    memory.load = () => Promise.reject(new Error('no database'));
    expect(await next.request('ping').ended()).toMatchObject({ status: 500, answer: { id: 1 } });
    memory.load = load;
    expect(await next.request('ping').ended()).toMatchObject({ status: 200 });
  });
});
