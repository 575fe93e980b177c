import {
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOf, textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { connectSocket } from './clients/web-socket.ts';
import { type Fixture, type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

const URI = 'note:///today';
const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope);
});
afterAll(() => scope.end());

/** What the tests use of a client of either era; both SDKs have it. */
interface Client {
  readonly listTools: () => Promise<{ tools: { name: string }[] }>;
  readonly complete: (params: {
    ref: { type: 'ref/prompt'; name: string };
    argument: { name: string; value: string };
  }) => Promise<unknown>;
  readonly call: (
    name: string,
    options?: { onprogress?: (progress: unknown) => void; signal?: AbortSignal },
  ) => Promise<unknown>;
  /** Levels of the log messages that came. */
  readonly logged: string[];
  /** URIs of the updates that came. */
  readonly updated: string[];
  /** Asks for updates of {@link URI}; the returned function ends that. */
  watch(): Promise<() => Promise<unknown>>;
}

const legacy = (url: string): Promise<Client> => legacyBy(connectLegacy, url);
const legacySocket = (url: string): Promise<Client> => legacyBy(connectSocket, url);

async function legacyBy(connect: typeof connectLegacy, url: string): Promise<Client> {
  const logged: string[] = [];
  const updated: string[] = [];
  const client = await connect(scope, { url, token: gateway.token }, (prepared) => {
    prepared.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.level));
    prepared.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
  });
  return {
    logged,
    updated,
    listTools: () => client.listTools(),
    complete: (params) => client.complete(params),
    call: (name, options) => client.callTool({ name }, undefined, options),
    async watch() {
      await client.subscribeResource({ uri: URI });
      return () => client.unsubscribeResource({ uri: URI });
    },
  };
}

async function modern(url: string): Promise<Client> {
  const logged: string[] = [];
  const updated: string[] = [];
  const client = await connectModern(scope, { url, token: gateway.token }, (prepared) => {
    prepared.setNotificationHandler('notifications/message', ({ params }) => void logged.push(params.level));
    prepared.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
  });
  const _meta = { 'io.modelcontextprotocol/logLevel': 'debug' };
  return {
    logged,
    updated,
    listTools: () => client.listTools(),
    complete: (params) => client.complete(params),
    call: (name, options) => client.callTool({ name, _meta }, options),
    async watch() {
      const subscription = await client.listen({ resourceSubscriptions: [URI] });
      return () => subscription.close();
    },
  };
}

describe.each<[string, (url: string) => Promise<Client>, FixtureEra]>([
  ['legacy', legacy, 'legacy'],
  ['legacy', legacy, 'modern'],
  ['legacy WebSocket', legacySocket, 'legacy'],
  ['legacy WebSocket', legacySocket, 'modern'],
  ['modern', modern, 'legacy'],
  ['modern', modern, 'modern'],
])('between a %s client and a %3$s upstream', (clientEra, connect, era) => {
  let upstream: Fixture;
  let client: Client;

  beforeAll(async () => {
    upstream = await startFixture(scope, era);
    upstream.pageSize = 4;
    const id = await gateway.register({ name: `${clientEra} ${era}`, url: upstream.url });
    client = await connect(await gateway.compose(`${clientEra} ${era}`, [id]));
  });

  it('every page of a list arrives, in order', async () => {
    expect(upstream.received.filter(({ body }) => body.includes('"tools/list"'))).toHaveLength(3);
    const names = upstream.tools.map((tool) => (JSON.parse(tool) as { name: string }).name);
    expect(namesOf(await client.listTools())).toEqual(names);
  });

  it('progress arrives, in order and before the result', async () => {
    const seen: unknown[] = [];
    const result = await client.call('count', { onprogress: (progress) => seen.push(progress) });
    expect(textOf(result)).toBe('counted');
    expect(seen).toEqual(
      [1, 2, 3].map((progress) => expect.objectContaining({ progress, total: 3, message: `step ${progress}` })),
    );
  });

  it('log messages arrive', async () => {
    expect(textOf(await client.call('complain'))).toBe('complained');
    expect(client.logged).toEqual(['debug', 'warning']);
  });

  it('a cancellation arrives, and the connection is as good as before', async () => {
    const gone = new AbortController();
    const call = client.call('wait', { signal: gone.signal });
    await until('the call is in flight', () => upstream.received.some(({ body }) => body.includes('"wait"')));
    gone.abort('changed my mind');
    await expect(call).rejects.toThrow(/changed my mind|abort/i);
    await until('the upstream knows', () => upstream.cancelled.length === 1);
    expect(textOf(await client.call('complain'))).toBe('complained');
  });

  it('a completion arrives', async () => {
    const ref = { type: 'ref/prompt', name: 'greet' } as const;
    const { completion } = (await client.complete({ ref, argument: { name: 'language', value: 'e' } })) as {
      completion: unknown;
    };
    expect(completion).toMatchObject({ values: ['english', 'estonian'], total: 2 });
  });

  it('updates of a watched resource arrive, until nobody wants them', async () => {
    const asks = (what: RegExp) => upstream.received.filter(({ body }) => what.test(body)).length;
    const end = await client.watch();
    await until('an update arrives', () => {
      upstream.updateResource(URI);
      return client.updated.includes(URI);
    });
    const before = asks(/unsubscribe|"subscriptions\/listen"/);
    await end();
    // The other era's way to say so: a new subscription without the resource.
    await until('the upstream is told', () => asks(/unsubscribe|"subscriptions\/listen"/) > before);
    const heard = client.updated.length;
    upstream.updateResource(URI);
    await client.call('complain');
    expect(client.updated).toHaveLength(heard);
  });
});
