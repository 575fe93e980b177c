/** Which revisions of the protocol clients are served, and what is found of upstreams. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOf, textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { rawModern } from './clients/raw-client.ts';
import { startFixture } from './fixtures/fixture.ts';
import { startSdkServer } from './fixtures/sdk-server.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

const MODERN = '2026-07-28';
const ECHO = { name: 'echo', arguments: { message: 'hi' } };
const scope = createScope();
afterAll(() => scope.end());

/** A client of the current SDK that finds out by itself which era a server is of. */
async function connectAuto(url: string, token: string): Promise<Client> {
  const client = new Client({ name: 'auto', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return scope.add(client, () => client.close());
}

/** A client of HTTP+SSE. */
async function connectSse(url: string, token: string): Promise<ClientV1> {
  const client = new ClientV1({ name: 'sse', version: '1' });
  const requestInit = { headers: { Authorization: `Bearer ${token}` } };
  const eventSourceInit = {
    fetch: (to: string | URL, init?: RequestInit) =>
      fetch(to, { ...init, headers: { ...(init?.headers as object), ...requestInit.headers } }),
  };
  await client.connect(new SSEClientTransport(new URL(url.replace(/mcp$/, 'sse')), { requestInit, eventSourceInit }));
  return scope.add(client, () => client.close());
}

describe('a virtual server', () => {
  let gateway: Gateway;
  let upstreamId: string;
  let count = 0;
  beforeAll(async () => {
    gateway = await startGateway(scope, { env: { PROTOCOL_VERSION: '2025-06-18' } });
    upstreamId = await gateway.register({ name: 'sdk', url: await startSdkServer(scope, 'reject') });
  });

  /** Makes one that serves these revisions; its URL. */
  async function serving(...protocolVersions: string[]): Promise<string> {
    count += 1;
    const json = { name: `server ${count}`, associatedGateways: [upstreamId], protocolVersions };
    const { status, body } = await gateway.api('POST', '/servers', json);
    expect({ status, body }).toMatchObject({ status: 201, body: { protocolVersions } });
    return `${gateway.url}/servers/${(body as { id: string }).id}/mcp`;
  }

  const echo = async (client: { callTool: (params: typeof ECHO) => Promise<unknown> }) =>
    textOf(await client.callTool(ECHO));

  it('serves all of the gateway where nothing is chosen: a preferred revision takes none away', async () => {
    const url = await serving();
    expect(await echo(await connectModern(scope, { url, token: gateway.token }))).toBe('Echo: hi');
    const { messages } = await rawModern({ url, token: gateway.token }).request('server/discover', '{}');
    expect(JSON.parse(messages[0] ?? '')).toMatchObject({
      result: { supportedVersions: [MODERN, '2025-06-18', '2025-11-25', '2025-03-26', '2024-11-05'] },
    });
    expect((await connectAuto(url, gateway.token)).getNegotiatedProtocolVersion()).toBe(MODERN);
  });

  it('of legacy revisions alone has a client of the current SDK fall back, and serves it', async () => {
    const client = await connectAuto(await serving('2025-06-18'), gateway.token);
    expect(client.getNegotiatedProtocolVersion()).toBe('2025-06-18');
    expect(namesOf(await client.listTools())).toEqual(['echo']);
    expect(await echo(client)).toBe('Echo: hi');
  });

  it('of legacy revisions alone refuses a client that is pinned to the modern era', async () => {
    const url = await serving('2025-11-25', '2025-06-18');
    await expect(connectModern(scope, { url, token: gateway.token })).rejects.toThrow(/2025-11-25/);
  });

  it('of the modern era alone says so to legacy clients, over HTTP+SSE at once', async () => {
    const url = await serving(MODERN);
    expect(await echo(await connectAuto(url, gateway.token))).toBe('Echo: hi');
    await expect(connectLegacy(scope, { url, token: gateway.token })).rejects.toThrow(/served here: 2026-07-28/);
    await expect(connectSse(url, gateway.token)).rejects.toThrow(/400/);
  });

  it('of one legacy revision serves it over HTTP+SSE, whichever the client asks for', async () => {
    const client = await connectSse(await serving('2025-03-26'), gateway.token);
    expect(await echo(client)).toBe('Echo: hi');
  });

  it('that is changed sends the clients of what it has ceased to serve to initialize again', async () => {
    const url = await serving('2025-11-25', '2025-06-18');
    const client = await connectLegacy(scope, { url, token: gateway.token });
    expect(await echo(client)).toBe('Echo: hi');
    const path = new URL(url).pathname.replace(/\/mcp$/, '');
    await gateway.api('PUT', path, { protocol_versions: ['2025-06-18'] });
    await expect(echo(client)).rejects.toThrow(/2025-11-25 is not served any more/);
    const again = await connectLegacy(scope, { url, token: gateway.token });
    expect(await echo(again)).toBe('Echo: hi');
  });
});

describe('GET /gateways/ID', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await startGateway(scope);
  });
  const read = async (id: string) => (await gateway.api('GET', `/gateways/${id}`)).body as { status: object };
  const now = () => new Date().toISOString();

  it('says of a server of both eras what was found, when and why, and something else once its era is set', async () => {
    const before = now();
    const id = await gateway.register({ name: 'both', url: await startSdkServer(scope, 'stateless') });
    const found = await read(id);
    expect(found).toMatchObject({
      era: 'auto',
      capabilities: { tools: {} },
      status: {
        era: 'modern',
        protocolVersion: MODERN,
        transport: 'streamable-http',
        reason: expect.stringMatching(
          /^server\/discover was answered with supportedVersions \[.*"2026-07-28"/,
        ) as string,
        serverInfo: { name: 'sdk-server', version: '1.0.0' },
      },
    });
    const { detectedAt } = found.status as { detectedAt: string };
    expect([before, detectedAt, now()].toSorted()).toEqual([before, detectedAt, expect.anything()]);

    const changed = await gateway.api('PUT', `/gateways/${id}`, { era: 'legacy' });
    expect(changed).toMatchObject({ status: 200, body: { era: 'legacy', status: { era: 'legacy' } } });
    const { status } = await read(id);
    expect(status).toMatchObject({ reason: 'era is set to legacy; initialize agreed on 2025-11-25' });
    expect((status as { detectedAt: string }).detectedAt > detectedAt).toBe(true);
    const refused = await gateway.api('PUT', `/gateways/${id}`, { era: 'ancient' });
    expect(refused.status).toBe(422);
  });

  it('says why a server is taken for a legacy one, in the list too', async () => {
    const legacy = await startFixture(scope, 'legacy');
    const id = await gateway.register({ name: 'legacy', url: legacy.url });
    const status = { era: 'legacy', protocolVersion: '2025-11-25' };
    const reason = 'server/discover was answered 400 with -32600; initialize agreed on 2025-11-25';
    expect(await read(id)).toMatchObject({ status: { ...status, reason } });
    const list = (await gateway.api('GET', '/gateways')).body as { id: string }[];
    expect(list.find((one) => one.id === id)).toMatchObject({ status: { ...status, reason } });
  });

  it('has the new era of a server that has learnt it, from the next refresh on', async () => {
    const server = await startFixture(scope, 'legacy');
    const id = await gateway.register({ name: 'learning', url: server.url });
    expect(await read(id)).toMatchObject({ status: { era: 'legacy' } });
    server.learnModern();
    expect((await gateway.api('POST', `/gateways/${id}/refresh`)).status).toBe(200);
    expect(await read(id)).toMatchObject({ status: { era: 'modern', protocolVersion: MODERN } });
  });
});

it('a gateway of several revisions serves exactly these, and takes no others for a virtual server', async () => {
  const gateway = await startGateway(scope, { env: { PROTOCOL_VERSION: '2026-07-28,2025-11-25' } });
  const url = `${gateway.url}/mcp`;
  const { messages } = await rawModern({ url, token: gateway.token }).request('server/discover', '{}');
  expect(JSON.parse(messages[0] ?? '')).toMatchObject({ result: { supportedVersions: [MODERN, '2025-11-25'] } });
  const refused = await gateway.api('POST', '/servers', { name: 's', protocolVersions: ['2025-06-18'] });
  expect(refused).toMatchObject({
    status: 422,
    body: { detail: expect.stringContaining('protocolVersions') as string },
  });
  const rpc = await gateway.api('POST', '/rpc', {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18' },
  });
  expect(rpc.body).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
});
