import { describe, expect, it } from 'vitest';
import { ALICE, HttpClient, MemoryChannel, MemoryEndpoint, modernMeta, modernPost } from './edge.fixture.ts';
import { serveChannel } from './edge-channel.ts';
import { createHttpEdge } from './edge-http.ts';
import { createStatelessEdge } from './edge-stateless.ts';
import { resultOutcome } from './outcome.ts';
import { JsonText } from './json-text.ts';
import { agreedLegacy } from './versions.ts';

const MODERN = ['2026-07-28'];
const LEGACY = ['2025-06-18', '2025-11-25'];

/** A client of an endpoint that serves some revisions. */
function clientOf(versions: readonly string[], edge?: ConstructorParameters<typeof HttpClient>[1]): HttpClient {
  const endpoint = new MemoryEndpoint();
  endpoint.versions = versions;
  endpoint.handlers.set('tools/list', () => resultOutcome(new JsonText('{"tools":[]}')));
  return new HttpClient(endpoint, edge);
}

describe('the revision to agree on at initialize', () => {
  it.each([
    ['2025-11-25', LEGACY, '2025-11-25'],
    ['2024-11-05', LEGACY, '2025-06-18'],
    ['2026-07-28', [...MODERN, ...LEGACY], '2025-06-18'],
    ['2099-01-01', undefined, '2025-11-25'],
    ['2025-11-25', MODERN, undefined],
  ])('is, for %s where %j are served, %s', (requested, served, agreed) => {
    expect(agreedLegacy(requested, served)).toBe(agreed);
  });
});

describe('an endpoint that serves the modern era alone', () => {
  it('lists its revision, and serves it', async () => {
    const client = clientOf(MODERN);
    expect((await client.modern('server/discover').ended()).answer).toMatchObject({
      result: { supportedVersions: MODERN },
    });
    expect(await client.modern('tools/list').ended()).toMatchObject({ status: 200 });
  });

  it('tells who sends initialize what it serves, in the message too', async () => {
    expect(await clientOf(MODERN).initialize('2025-11-25')).toMatchObject({
      status: 400,
      answer: {
        id: 'init',
        error: {
          code: -32022,
          message: expect.stringContaining('2026-07-28') as string,
          data: { supported: MODERN, requested: '2025-11-25' },
        },
      },
    });
  });

  it('does so without sessions, and on a channel', async () => {
    const refusal = { error: { code: -32022, data: { supported: MODERN } } };
    const stateless = clientOf(MODERN, createStatelessEdge());
    expect((await stateless.initialize()).answer).toMatchObject(refusal);
    expect(stateless.request('tools/list')).toMatchObject({ status: 400, answer: refusal });
    const channel = new MemoryChannel();
    serveChannel(stateless.endpoint, channel, { caller: ALICE });
    channel.receive({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
    expect(await channel.has(1)).toMatchObject([refusal]);
  });
});

describe('an endpoint that serves some legacy revisions alone', () => {
  it.each(['server/discover', 'tools/list'])('refuses a modern %s, and names them', (method) => {
    expect(clientOf(LEGACY).modern(method)).toMatchObject({
      status: 400,
      answer: { id: 1, error: { code: -32022, data: { supported: LEGACY, requested: '2026-07-28' } } },
    });
  });

  it('sees a contradiction between header and body first', () => {
    const request = modernPost('tools/list');
    const headers = { ...request.headers, 'mcp-protocol-version': '2025-11-25' };
    expect(clientOf(LEGACY).send({ ...request, headers }).answer).toMatchObject({ error: { code: -32020 } });
  });

  it('agrees on the one that it prefers with who asks for another', async () => {
    const reply = await clientOf(LEGACY).initialize('2025-03-26');
    expect(reply.answer).toMatchObject({ result: { protocolVersion: '2025-06-18' } });
  });

  it('refuses another revision in the header of a session', async () => {
    const client = clientOf(LEGACY);
    await client.initialize('2025-11-25');
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    for (const served of LEGACY) {
      expect(client.post(ping, { 'mcp-protocol-version': served })).toMatchObject({ status: 200 });
    }
    const header = { 'mcp-protocol-version': '2025-03-26' };
    const refusal = { error: { code: -32022, data: { supported: LEGACY, requested: '2025-03-26' } } };
    expect(client.post(ping, header)).toMatchObject({ status: 400, answer: refusal });
    for (const reply of [client.get(header), client.delete(header)]) expect(reply).toMatchObject({ status: 400 });
  });

  it('refuses another revision without sessions, also the one that no header stands for', () => {
    const client = clientOf(LEGACY, createStatelessEdge());
    expect(client.request('tools/list')).toMatchObject({
      status: 400,
      answer: { error: { code: -32022, data: { requested: '2025-03-26' } } },
    });
  });

  it('ends a session whose revision it has ceased to serve, so that its client opens another', async () => {
    const client = clientOf([...LEGACY, '2025-03-26']);
    await client.initialize('2025-03-26');
    client.endpoint.versions = LEGACY;
    expect(client.request('ping')).toMatchObject({ status: 404 });
    expect(client.edge.sessions).toBe(0);
    expect((await client.initialize('2025-03-26')).answer).toMatchObject({ result: { protocolVersion: '2025-06-18' } });
  });

  it('does not revive a session whose revision it has ceased to serve', async () => {
    const sessions = { key: new Uint8Array(32).fill(7) };
    const before = clientOf(LEGACY, createHttpEdge({ sessions }));
    await before.initialize('2025-11-25');
    await before.edge.close();
    for (const [served, status] of [
      [LEGACY, 200],
      [['2025-06-18'], 404],
    ] as const) {
      const after = clientOf(served, createHttpEdge({ sessions }));
      after.headers = before.headers;
      expect(await after.request('ping').ended()).toMatchObject({ status });
    }
  });

  it('is obeyed by a channel, within the eras that the channel has', async () => {
    const { endpoint } = clientOf([...LEGACY, ...MODERN]);
    const channel = new MemoryChannel();
    serveChannel(endpoint, channel, { caller: ALICE, eras: ['legacy'] });
    channel.receive({ jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: modernMeta() } });
    channel.receive({ jsonrpc: '2.0', id: 2, method: 'initialize', params: { protocolVersion: '2024-11-05' } });
    expect(await channel.has(2)).toMatchObject([
      { id: 1, error: { code: -32022, data: { supported: LEGACY } } },
      { id: 2, result: { protocolVersion: '2025-06-18' } },
    ]);
  });
});

it.each([
  [LEGACY, { id: 1, result: {} }],
  [MODERN, { id: 1, error: { code: -32600 } }],
])('a channel of %j takes bare requests where it serves a legacy revision', async (served, answer) => {
  const { endpoint } = clientOf(served);
  const channel = new MemoryChannel();
  serveChannel(endpoint, channel, { caller: ALICE, bareRequests: true });
  channel.receive({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  expect(await channel.has(1)).toMatchObject([answer]);
  expect(endpoint.requests.map(({ client }) => client.protocolVersion)).toEqual(
    served === LEGACY ? ['2025-06-18'] : [],
  );
});

it('an endpoint may serve nothing: the message says so', async () => {
  const reply = await clientOf([]).initialize();
  expect(reply.answer).toMatchObject({ error: { code: -32022, message: expect.stringContaining('none') as string } });
});
