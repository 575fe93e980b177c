import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { type Fixture, type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';
import { BOB, prepareUsers } from './harness/users.ts';

const scope = createScope();
let gateway: Gateway;
let bobsToken: string;

beforeAll(async () => {
  const dataDir = `${scope.folder()}/data`;
  await prepareUsers(dataDir);
  gateway = await startGateway(scope, { dataDir });
  bobsToken = await gateway.tokenFor(BOB);
});
afterAll(() => scope.end());

describe.each<FixtureEra>(['modern', 'legacy'])('a %s upstream', (era) => {
  let upstream: Fixture;
  let url: string;
  const authorizations = () => upstream.received.map(({ headers }) => headers.authorization);
  const clients = [
    ['legacy', connectLegacy],
    ['modern', connectModern],
  ] as const;

  beforeAll(async () => {
    upstream = await startFixture(scope, era);
    url = await gateway.compose(era, [await gateway.register({ name: era, url: upstream.url })]);
  });

  it.each(clients)(
    'gets what a %s client sends as X-Upstream-Authorization, as Authorization',
    async (name, connect) => {
      const headers = { 'X-Upstream-Authorization': `Bearer for-${name}` };
      const client = await connect(scope, { url, token: gateway.token, headers });
      const before = upstream.received.length;
      expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'x' } }))).toBe('x');
      const call = upstream.received.slice(before).find(({ body }) => body.includes('"tools/call"'));
      expect(call?.headers.authorization).toBe(`Bearer for-${name}`);
      expect(call?.headers['x-upstream-authorization']).toBeUndefined();
    },
  );

  it.each(clients)("gets no credential with a %s client's call that sends none", async (_, connect) => {
    const client = await connect(scope, { url, token: gateway.token });
    const before = upstream.received.length;
    await client.callTool({ name: 'echo', arguments: { text: 'x' } });
    expect(
      authorizations()
        .slice(before)
        .filter((value) => value !== undefined),
    ).toEqual([]);
  });

  it('keeps what two users keep in their sessions apart', async () => {
    const connect = (token: string) => connectLegacy(scope, { url, token });
    const [admin, bob, bobAgain] = [await connect(gateway.token), await connect(bobsToken), await connect(bobsToken)];
    const remember = async (client: typeof admin, text: string) =>
      textOf(await client.callTool({ name: 'remember', arguments: { text } }));
    expect(await remember(admin, 'of the administrator')).toBe('nothing');
    expect(await remember(bob, 'of Bob')).toBe('nothing');
    expect(await remember(bobAgain, "of Bob's second window")).toBe('nothing');
    // A modern upstream keeps nothing.
    expect(await remember(admin, '')).toBe(era === 'legacy' ? 'of the administrator' : 'nothing');
    expect(await remember(bob, '')).toBe(era === 'legacy' ? 'of Bob' : 'nothing');
  });

  it('gets its own configured credential, which a client can replace for itself only', async () => {
    const closed = await startFixture(scope, era);
    const id = await gateway.register({
      name: `closed ${era}`,
      url: closed.url,
      authType: 'bearer',
      authToken: 'configured',
    });
    const closedUrl = await gateway.compose(`closed ${era}`, [id]);
    const headers = { 'X-Upstream-Authorization': 'Bearer my-own' };
    const mine = await connectModern(scope, { url: closedUrl, token: gateway.token, headers });
    const bobs = await connectModern(scope, { url: closedUrl, token: bobsToken });
    await mine.callTool({ name: 'echo', arguments: { text: 'mine' } });
    await bobs.callTool({ name: 'echo', arguments: { text: 'bobs' } });
    const sentWith = (text: string) =>
      closed.received.find(({ body }) => body.includes(`"${text}"`))?.headers.authorization;
    expect(sentWith('mine')).toBe('Bearer my-own');
    expect(sentWith('bobs')).toBe('Bearer configured');
    const { body } = await gateway.api('GET', `/gateways/${id}`);
    expect(JSON.stringify(body)).not.toContain('configured');
  });

  it("never gets the gateway's own tokens, nor anything that names a user", () => {
    const all = JSON.stringify(upstream.received);
    for (const token of [gateway.token, bobsToken]) {
      expect(all).not.toContain(token);
      expect(all).not.toContain(token.split('.')[2]);
    }
    expect(all).not.toContain('@example.com');
    const names = new Set(upstream.received.flatMap(({ headers }) => Object.keys(headers)));
    expect([...names].filter((name) => /cookie|forward|real-ip|session/.test(name))).toEqual(
      era === 'legacy' ? ['mcp-session-id'] : [],
    );
  });
});

it('the log has no token', () => {
  const { stdout, stderr } = gateway.process;
  for (const secret of [gateway.token, bobsToken, 'my-own', 'configured'])
    expect(`${stdout}${stderr}`).not.toContain(secret);
});
