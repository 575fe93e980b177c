/** What many clients of both eras want of one upstream, each in its own way: updates of resources, log messages. */
import {
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
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

/** One of many. */
interface Peer {
  readonly updated: string[];
  readonly logged: string[];
  /** The returned function ends it. */
  watch(): Promise<() => Promise<unknown>>;
  /** Calls the tool that logs at `debug` and at `warning`. */
  complain(): Promise<unknown>;
}

/** @param level what it wants to hear; `undefined`: it never says */
async function legacy(url: string, level?: 'debug' | 'warning' | 'error'): Promise<Peer> {
  const updated: string[] = [];
  const logged: string[] = [];
  const client = await connectLegacy(scope, { url, token: gateway.token }, (prepared) => {
    prepared.setNotificationHandler(LoggingMessageNotificationSchema, ({ params }) => void logged.push(params.level));
    prepared.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => void updated.push(params.uri));
  });
  if (level !== undefined) await client.setLoggingLevel(level);
  return {
    updated,
    logged,
    async watch() {
      await client.subscribeResource({ uri: URI });
      return () => client.unsubscribeResource({ uri: URI });
    },
    complain: () => client.callTool({ name: 'complain' }),
  };
}

async function modern(url: string, level?: 'debug' | 'warning' | 'error'): Promise<Peer> {
  const updated: string[] = [];
  const logged: string[] = [];
  const client = await connectModern(scope, { url, token: gateway.token }, (prepared) => {
    prepared.setNotificationHandler('notifications/message', ({ params }) => void logged.push(params.level));
    prepared.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
  });
  const meta = level && { _meta: { 'io.modelcontextprotocol/logLevel': level } };
  return {
    updated,
    logged,
    async watch() {
      const subscription = await client.listen({ resourceSubscriptions: [URI] });
      return () => subscription.close();
    },
    complain: () => client.callTool({ name: 'complain', ...meta }),
  };
}

describe.each<FixtureEra>(['legacy', 'modern'])('clients of a %s upstream', (era) => {
  let upstream: Fixture;
  let url: string;

  beforeAll(async () => {
    upstream = await startFixture(scope, era);
    url = await gateway.compose(era, [await gateway.register({ name: era, url: upstream.url })]);
  });

  /** How often the upstream was asked for something, as a legacy or as a modern server is asked. */
  const asked = (what: RegExp) => upstream.received.filter(({ body }) => what.test(body)).length;
  const WATCHED =
    era === 'legacy' ? /"resources\/subscribe"/ : /"subscriptions\/listen".*"resourceSubscriptions":\["note/;
  /** A modern server hears of it by a subscription that has the resource no more. */
  const released = () =>
    era === 'legacy' ? asked(/"resources\/unsubscribe"/) : asked(/"subscriptions\/listen"/) - asked(WATCHED) - 1;

  it('share one subscription to a resource, which ends with the last of them', async () => {
    const peers = [await legacy(url), await modern(url), await legacy(url), await modern(url)];
    const ends: (() => Promise<unknown>)[] = [];
    for (const peer of peers) ends.push(await peer.watch());
    await until('all of them hear of an update', () => {
      upstream.updateResource(URI);
      return peers.every(({ updated }) => updated.includes(URI));
    });
    expect([asked(WATCHED), released()]).toEqual([1, 0]);
    const last = ends.pop();
    for (const end of ends) await end();
    const [remaining] = peers.slice(-1);
    const heard = remaining?.updated.length ?? 0;
    await until('the last one still hears', () => {
      upstream.updateResource(URI);
      return (remaining?.updated.length ?? 0) > heard;
    });
    expect([asked(WATCHED), released()]).toEqual([1, 0]);
    await last?.();
    await until('the upstream is released', () => released() === 1);
    expect(asked(WATCHED)).toBe(1);
  });

  it('hear the log messages of their own calls, each from its own level on', async () => {
    const peers = [
      await legacy(url, 'debug'),
      await legacy(url, 'error'),
      await modern(url, 'warning'),
      await modern(url, 'debug'),
      await modern(url),
    ];
    await Promise.all(peers.map((peer) => peer.complain()));
    expect(peers.map(({ logged }) => logged)).toEqual([
      ['debug', 'warning'],
      [],
      ['warning'],
      ['debug', 'warning'],
      [],
    ]);
  });
});
