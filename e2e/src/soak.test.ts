import { afterAll, beforeAll, expect, it } from 'vitest';
import { modernBody, modernHeaders, rawLegacy } from './clients/raw-client.ts';
import { openStream } from './clients/sse-stream.ts';
import { startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

/** What the whole soak does with tens of thousands; `pnpm soak` also holds memory and time to their bounds. */
const SESSIONS = 500;
const MAX_SESSIONS = 400;
const SUBSCRIPTIONS = 300;
const AT_ONCE = 50;

const scope = createScope();
let gateway: Gateway;
let upstreams: string[];
let url: string;

beforeAll(async () => {
  gateway = await startGateway(scope, { env: { MCP_MAX_SESSIONS: String(MAX_SESSIONS), SESSION_TTL: '3' } });
  const fixture = (await startFixture(scope, 'legacy')).url;
  upstreams = [
    await gateway.register({ name: 'one', url: fixture }),
    await gateway.register({ name: 'two', url: fixture }),
  ];
  url = await gateway.compose('both', upstreams);
});
afterAll(() => scope.end());

/** What the gateway has in memory of its clients. */
async function held() {
  const { body } = await gateway.api('GET', '/version');
  const { sessions, subscriptions, listeners } = body as Record<string, number>;
  return { sessions, subscriptions, listeners };
}

/** Does something `count` times, a few at once. */
async function many(count: number, act: () => Promise<unknown>): Promise<void> {
  let left = count;
  const lane = async () => {
    while (left-- > 0) await act();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

it('sessions that are abandoned are served up to the bound and beyond, and are gone when nobody comes back', async () => {
  await many(SESSIONS, async () => {
    const { request } = await rawLegacy({ url, token: gateway.token });
    expect((await request('tools/list', '{"x":1}')).status).toBe(200);
  });
  const { sessions } = await held();
  expect(sessions).toBeGreaterThan(0);
  expect(sessions).toBeLessThanOrEqual(MAX_SESSIONS);
  await until('all sessions to end', async () => (await held()).sessions === 0);
});

it('subscriptions are all told of a change, and are gone with their clients', async () => {
  const clients = createScope();
  const streams: { readonly text: string }[] = [];
  const headers = { ...modernHeaders('subscriptions/listen'), authorization: `Bearer ${gateway.token}` };
  const body = modernBody('1', 'subscriptions/listen', '{"notifications":{"toolsListChanged":true}}');
  await many(SUBSCRIPTIONS, async () => streams.push(await openStream(clients, url, headers, body)));
  const allHave = (text: string) => () => streams.every((stream) => stream.text.includes(text));
  await until('all to be acknowledged', allHave('subscriptions/acknowledged'));
  expect(await held()).toMatchObject({ subscriptions: SUBSCRIPTIONS, listeners: SUBSCRIPTIONS });

  const changed = { associatedGateways: upstreams.slice(0, 1) };
  expect(await gateway.api('PUT', new URL(url).pathname.replace(/\/mcp$/, ''), changed)).toMatchObject({ status: 200 });
  await until('all to be told', allHave('notifications/tools/list_changed'));

  await clients.end();
  await until('all to be gone', async () => {
    const { subscriptions, listeners } = await held();
    return subscriptions === 0 && listeners === 0;
  });
});
