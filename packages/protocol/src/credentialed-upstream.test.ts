import { expect, it } from 'vitest';
import {
  type Script,
  ScriptedServer,
  TestEvents,
  TestExchange,
  testClient,
  toolCall,
} from './channel-upstream.fixture.ts';
import { createChannelUpstream } from './channel-upstream.ts';
import { createCredentialedUpstream } from './credentialed-upstream.ts';
import { JsonText } from './json-text.ts';

/** Every credential opens channels to a server of its own, so that it shows who speaks there. */
function setUp(maxCredentials = 8, script: Script = ({ params }) => ({ result: { content: [], params } })) {
  const servers = new Map<string, ScriptedServer>();
  const events = new TestEvents();
  const upstream = createCredentialedUpstream({
    create(authorization, heard) {
      const server = new ScriptedServer('legacy', { tools: {}, logging: {} });
      server.scripts.set('tools/call', script);
      servers.set(authorization ?? 'main', server);
      return createChannelUpstream({
        open: server.open,
        transport: 'test',
        events: heard,
        clientInfo: new JsonText('{"name":"forge","version":"0"}'),
      });
    },
    events,
    maxCredentials,
    idleMs: 60_000,
  });
  const call = (name: string, upstreamAuthorization?: string, sessionId?: string) =>
    upstream.call(
      toolCall(name, testClient({ upstreamAuthorization, ...(sessionId && { ...ASKABLE, sessionId }) })),
      new TestExchange(),
    );
  return { servers, events, upstream, call };
}

const ASKABLE = { era: 'legacy', capabilities: new JsonText('{"roots":{}}') } as const;

it('keeps the calls of each credential on channels of its own', async () => {
  const { servers, call } = setUp();
  await Promise.all([call('a'), call('b', 'Bearer one'), call('c', 'Bearer two'), call('d', 'Bearer one')]);
  const names = (key: string) =>
    servers.get(key)?.connections.map(({ received }) => received.flatMap(({ params }) => params?.['name'] ?? []));
  expect(names('main')).toEqual([['a']]);
  expect(names('Bearer one')).toEqual([['b', 'd']]);
  expect(names('Bearer two')).toEqual([['c']]);
});

it('connects by either credential, and tells only of the loss of the main one', async () => {
  const { servers, events, upstream } = setUp();
  expect(await upstream.connect('Bearer one')).toMatchObject({ era: 'legacy' });
  expect(servers.get('main')?.connections).toEqual([]);
  servers.get('Bearer one')?.newest.die();
  await upstream.connect();
  expect(events.log).toEqual([]);
  servers.get('main')?.newest.die();
  expect(events.log).toEqual(['lost: it died']);
});

it('tells whoever serves a session of its notes and its end', async () => {
  const { servers, upstream, call } = setUp();
  await call('a', 'Bearer one', 's1');
  const own = servers.get('Bearer one')?.newest;
  upstream.sessionNote?.('s1', 'notifications/roots/list_changed', undefined);
  await new Promise(setImmediate);
  expect(own?.last('notifications/roots/list_changed')).toBeDefined();
  upstream.sessionEnded('s1');
  await new Promise(setImmediate);
  expect(own?.closed).toBe(true);
});

it('answers with an error when too many credentials are busy, and closes everything', async () => {
  const { servers, upstream, call } = setUp(1, () => undefined);
  const first = call('a', 'Bearer one');
  expect(await call('b', 'Bearer two')).toMatchObject({ error: { code: -32010 } });
  await upstream.connect();
  await upstream.close();
  expect(await first).toMatchObject({ error: { code: -32800 } });
  for (const [key, { connections }] of servers) {
    for (const { closed } of connections) expect([key, closed]).toEqual([key, true]);
  }
});
