/** The gateway ends under its clients and comes back; they go on with what they have in their hands. */
import { Client as ClientV2, StreamableHTTPClientTransport as HttpV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as HttpV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectModern } from './clients/modern-client.ts';
import { rawLegacy } from './clients/raw-client.ts';
import { startAskingV1, startAskingV2 } from './fixtures/asking-server.ts';
import { type Fixture, type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { freePort, send } from './harness/net.ts';
import { createScope, type Scope } from './harness/scope.ts';
import { until } from './harness/until.ts';

const URI = 'note:///today';
const INFO = { name: 'client', version: '1.0.0' };
const FORM = { action: 'accept' as const, content: { name: 'Ada' } };
const capabilities = { elicitation: { form: {} } };
const ERAS: readonly FixtureEra[] = ['legacy', 'modern'];

/** A client that stays the same object from before to after. */
interface Peer {
  /** Of its session, where it has one. */
  readonly sessionId: string | undefined;
  /** How often it was told that {@link URI} has changed. */
  readonly updates: number;
  call(name: string, args?: Record<string, unknown>): Promise<string>;
  watch(): Promise<unknown>;
}

type Connect = (scope: Scope, url: string, token: string) => Promise<Peer>;

/** For streams: the SDKs' own patience ends after two attempts. */
const transportOptions = (token: string) => ({
  requestInit: { headers: { Authorization: `Bearer ${token}` } },
  reconnectionOptions: {
    initialReconnectionDelay: 100,
    maxReconnectionDelay: 100,
    reconnectionDelayGrowFactor: 1,
    maxRetries: 300,
  },
});

const v1: Connect = async (scope, url, token) => {
  let updates = 0;
  const client = new ClientV1(INFO, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, () => FORM);
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, () => void (updates += 1));
  const transport = new HttpV1(new URL(url), transportOptions(token));
  await client.connect(transport);
  scope.add(client, () => client.close());
  return {
    get sessionId() {
      return transport.sessionId;
    },
    get updates() {
      return updates;
    },
    call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
    watch: () => client.subscribeResource({ uri: URI }),
  };
};

const v2 =
  (mode: 'legacy' | { pin: string }): Connect =>
  async (scope, url, token) => {
    let updates = 0;
    const client = new ClientV2(INFO, { capabilities, versionNegotiation: { mode } });
    client.setRequestHandler('elicitation/create', () => FORM);
    client.setNotificationHandler('notifications/resources/updated', () => void (updates += 1));
    const transport = new HttpV2(new URL(url), transportOptions(token));
    await client.connect(transport);
    scope.add(client, () => client.close());
    return {
      get sessionId() {
        return transport.sessionId;
      },
      get updates() {
        return updates;
      },
      call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
      watch: () => client.subscribeResource({ uri: URI }),
    };
  };

const LEGACY: Readonly<Record<string, Connect>> = { 'SDK v1': v1, 'SDK v2, legacy': v2('legacy') };
const ALL: Readonly<Record<string, Connect>> = { ...LEGACY, 'SDK v2, modern': v2({ pin: '2026-07-28' }) };

describe.each<NodeJS.Signals>(['SIGTERM', 'SIGKILL'])('a restart after %s', (signal) => {
  const scope = createScope();
  const fixtures = {} as Record<FixtureEra, Fixture>;
  /** Endpoints, each of one server. */
  const urls = {} as Record<'SDK v1' | 'SDK v2' | FixtureEra, string>;
  let port: number;
  let dataDir: string;
  let gateway: Gateway;

  beforeAll(async () => {
    port = await freePort();
    dataDir = `${scope.folder()}/data`;
    gateway = await startGateway(scope, { port, dataDir });
    for (const era of ERAS) fixtures[era] = await startFixture(scope, era);
    const servers = {
      'SDK v1': await startAskingV1(scope),
      'SDK v2': await startAskingV2(scope),
      legacy: fixtures.legacy.url,
      modern: fixtures.modern.url,
    };
    for (const [name, url] of Object.entries(servers))
      urls[name as keyof typeof urls] = await gateway.compose(name, [await gateway.register({ name, url })]);
  }, 60_000);
  afterAll(() => scope.end());

  const end = async (): Promise<number | null> => {
    process.kill(gateway.process.pid, signal);
    return gateway.process.exit;
  };
  const begin = async (): Promise<void> => {
    gateway = await startGateway(scope, { port, dataDir });
  };
  const connectAll = (kinds: Readonly<Record<string, Connect>>, names: readonly (keyof typeof urls)[]) =>
    Promise.all(
      Object.values(kinds).flatMap((connect) => names.map((name) => connect(scope, urls[name], gateway.token))),
    );

  it('goes unnoticed: clients call and are asked as before', { timeout: 60_000 }, async () => {
    const peers = await connectAll(ALL, ['SDK v1', 'SDK v2']);
    const callAll = () => Promise.all(peers.map(async ({ call }) => JSON.parse(await call('form')) as unknown));
    const before = await callAll();
    expect(before).toEqual(peers.map(() => ({ form: FORM })));
    const sessionIds = peers.map(({ sessionId }) => sessionId);
    expect(sessionIds.map((id) => id !== undefined)).toEqual([true, true, true, true, false, false]);
    await end();
    await begin();
    expect(await callAll()).toEqual(before);
    expect(peers.map(({ sessionId }) => sessionId)).toEqual(sessionIds);
  });

  it('keeps a session that nothing but its id is known of', { timeout: 60_000 }, async () => {
    const client = await rawLegacy({ url: urls.legacy, token: gateway.token });
    const ask = () => client.request('tools/call', '{"name":"echo","arguments":{"text":"hi"}}');
    const before = await ask();
    await end();
    await begin();
    const after = await ask();
    expect([after.status, after.messages[0]?.replace('"id":2', '"id":1')]).toEqual([200, before.messages[0]]);
  });

  it('costs at most the call in flight, which is told so and not made again', { timeout: 60_000 }, async () => {
    const peers = await connectAll(ALL, ERAS);
    const slow = () => ERAS.flatMap((era) => fixtures[era].received).filter(({ body }) => body.includes('"slow"'));
    const calls = Promise.allSettled(peers.map(({ call }) => call('slow', { ms: 1500 })));
    await until('all are in flight', () => slow().length === peers.length);
    expect(await end()).toBe(signal === 'SIGTERM' ? 0 : null);
    const endings = await calls;
    if (signal === 'SIGTERM') expect(endings).toEqual(peers.map(() => ({ status: 'fulfilled', value: 'done' })));
    else expect(endings.map(({ status }) => status)).toEqual(peers.map(() => 'rejected'));
    await begin();
    expect(await Promise.all(peers.map(({ call }) => call('echo', { text: 'hi' })))).toEqual(peers.map(() => 'hi'));
    expect(slow()).toHaveLength(peers.length);
  });

  it('leaves legacy clients what they have subscribed to', { timeout: 60_000 }, async () => {
    const peers = await connectAll(LEGACY, ERAS);
    await Promise.all(peers.map(({ watch }) => watch()));
    const allHear = () => {
      const before = peers.map(({ updates }) => updates);
      return until('all are told', () => {
        for (const era of ERAS) fixtures[era].updateResource(URI);
        return peers.every(({ updates }, index) => updates > (before[index] ?? 0));
      });
    };
    await allHear();
    await end();
    await begin();
    await allHear();
  });

  it('ends parked calls: their clients are told to start again', { timeout: 60_000 }, async () => {
    let asked = 0;
    const connect = { url: urls.legacy, token: gateway.token, capabilities };
    const client = await connectModern(scope, connect, (prepared) => {
      prepared.setRequestHandler('elicitation/create', async () => {
        asked += 1;
        if (asked > 1) return FORM;
        await end();
        await begin();
        return FORM;
      });
    });
    const ask = () => client.callTool({ name: 'ask-name' });
    const message = expect.stringContaining('start the call again') as string;
    await expect(ask()).rejects.toMatchObject({ code: -32602, message });
    expect(textOf(await ask())).toContain('Ada');
  });
});

it('another replica goes on with a session that it has never seen', { timeout: 60_000 }, async () => {
  const scope = createScope();
  try {
    const dataDir = `${scope.folder()}/data`;
    const one = await startGateway(scope, { dataDir });
    const other = await startGateway(scope, { dataDir });
    const { sessionId } = await rawLegacy({ url: `${one.url}/mcp`, token: one.token });
    const headers = { 'content-type': 'application/json', accept: 'application/json', 'mcp-session-id': sessionId };
    const pong = await send(`${other.url}/mcp`, {
      headers: { ...headers, authorization: `Bearer ${one.token}` },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    });
    expect(pong).toMatchObject({ status: 200, text: '{"jsonrpc":"2.0","id":1,"result":{}}' });
  } finally {
    await scope.end();
  }
});
