import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPeers, type Peer } from './clients/peer.ts';
import { type Fixture, type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

/** Short, so that a test sees what happens after them. */
const PATIENCE = { TOOL_TIMEOUT: '1', HEALTH_CHECK_INTERVAL: '1' };
const LIST_MS = 5000;

interface Status {
  readonly state: string;
  readonly since: string;
  readonly era: string;
  readonly lastError: { readonly code: string; readonly message: string } | null;
}

const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope, { env: PATIENCE });
});
afterAll(() => scope.end());

async function statusOf(id: string): Promise<Status> {
  const { body } = await gateway.api('GET', `/gateways/${id}`);
  return (body as { status: Status }).status;
}

const stateIs = (id: string, ...states: string[]) =>
  until(
    `the state is ${states.join(' or ')}`,
    async () => {
      const status = await statusOf(id);
      return states.includes(status.state) && status;
    },
    20_000,
  );

/** What a client sees of a healthy upstream, whatever happens beside it. */
async function expectNeighbourWorks(peers: readonly Peer[], prefix: string): Promise<void> {
  for (const { era, list, call } of peers) {
    const from = Date.now();
    expect(await list(), era).toContain(`${prefix}-echo`);
    expect(Date.now() - from, `${era}: ms for a list`).toBeLessThan(LIST_MS);
    expect(await call(`${prefix}-echo`, { text: 'still here' }), era).toBe('still here');
  }
}

describe.each<[FixtureEra, FixtureEra]>([
  ['modern', 'legacy'],
  ['legacy', 'modern'],
])('a %s upstream beside a healthy %s one', (era, otherEra) => {
  let sick: Fixture;
  let sickId: string;
  let peers: Peer[];

  beforeAll(async () => {
    sick = await startFixture(scope, era);
    const well = await startFixture(scope, otherEra);
    sickId = await gateway.register({ name: `sick ${era}`, url: sick.url });
    const wellId = await gateway.register({ name: `well ${era}`, url: well.url });
    peers = await connectPeers(scope, await gateway.compose(`pair ${era}`, [sickId, wellId]), gateway.token);
  });

  const neighbour = () => expectNeighbourWorks(peers, `well-${era}`);

  /** The same clients call it again, and nobody has done anything. */
  async function expectBack(): Promise<void> {
    const { lastError } = await stateIs(sickId, 'connected');
    expect(lastError).toBeNull();
    for (const peer of peers) {
      const { list, call } = peer;
      expect(await list(), peer.era).toContain(`sick-${era}-echo`);
      expect(await call(`sick-${era}-echo`, { text: 'back' }), peer.era).toBe('back');
    }
  }

  /** Its tools have left the lists, both clients were told, and the API says what is wrong, and since when. */
  async function expectOut(from: number): Promise<void> {
    const { since, lastError } = await stateIs(sickId, 'unreachable');
    expect(lastError).toMatchObject({
      code: expect.stringMatching(/^(?:upstream_|outcome_)/),
      message: expect.stringMatching(/\w/),
    });
    expect(Date.parse(since)).toBeGreaterThanOrEqual(from - 1000);
    expect(Date.parse(since)).toBeLessThanOrEqual(Date.now());
    for (const { list } of peers) expect(await list()).not.toContain(`sick-${era}-echo`);
  }

  it('serves both at first', expectBack);

  it.each(['hangs', 'answers garbage', 'closes mid-answer'] as const)(
    'that %s',
    { timeout: 60_000 },
    async (trouble) => {
      const from = Date.now();
      const told = peers.map(({ changes }) => changes);
      sick.trouble = trouble;
      const calls = Promise.allSettled(peers.map(({ call }) => call(`sick-${era}-echo`, { text: 'x' })));
      await neighbour();
      expect((await calls).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(Date.now() - from).toBeLessThan(LIST_MS);
      await neighbour();
      await expectOut(from);
      await neighbour();
      sick.trouble = undefined;
      await expectBack();
      for (const [index, peer] of peers.entries()) {
        await until(`the ${peer.era} client was told twice`, () => peer.changes >= (told[index] ?? 0) + 2);
      }
    },
  );

  it('that is down for a while', { timeout: 60_000 }, async () => {
    const from = Date.now();
    await sick.stop();
    await neighbour();
    await expectOut(from);
    for (const { call } of peers) {
      await expect(call(`sick-${era}-echo`, { text: 'x' })).rejects.toThrow(
        new RegExp(`sick ${era}.*unreachable since`),
      );
    }
    await neighbour();
    await sick.start();
    await expectBack();
  });

  it('that restarts between two calls', { timeout: 60_000 }, async () => {
    await sick.stop();
    await sick.start();
    await neighbour();
    await expectBack();
  });

  it('that comes back as the other era, and as the first one again', { timeout: 60_000 }, async () => {
    for (const now of [otherEra, era]) {
      await sick.stop();
      await sick.start(now);
      await neighbour();
      await until(`it is known as ${now}`, async () => (await statusOf(sickId)).era === now, 20_000);
      await expectBack();
    }
  });

  it('that offers other tools tells both clients', async () => {
    const told = peers.map(({ changes }) => changes);
    const before = sick.tools;
    sick.changeTools(before.slice(1));
    for (const [index, peer] of peers.entries()) {
      await until(`the ${peer.era} client is told`, () => peer.changes > (told[index] ?? 0));
      expect(await peer.list()).not.toContain(`sick-${era}-echo`);
    }
    sick.changeTools(before);
    for (const { list } of peers)
      await until('the tool is back', async () => (await list()).includes(`sick-${era}-echo`));
  });

  it('was never asked twice to do the same thing', () => {
    const ids = sick.received.flatMap(({ body }) =>
      /"tools\/call"/.test(body) ? (JSON.parse(body) as { id: unknown }).id : [],
    );
    expect(ids).toHaveLength(new Set(ids).size);
  });
});

describe('an upstream that is down when the gateway starts', () => {
  it('keeps nobody waiting, and is served as soon as it is there', { timeout: 60_000 }, async () => {
    const dataDir = `${scope.folder()}/data`;
    const first = await startGateway(scope, { dataDir, env: PATIENCE });
    const [late, well] = [await startFixture(scope, 'modern'), await startFixture(scope, 'legacy')];
    const lateId = await first.register({ name: 'late', url: late.url });
    const path = new URL(await first.compose('pair', [lateId, await first.register({ name: 'well', url: well.url })]))
      .pathname;
    await first.process.stop();
    await late.stop();

    const second = await startGateway(scope, { dataDir, env: PATIENCE });
    const from = Date.now();
    const peers = await connectPeers(scope, second.url + path, second.token);
    await expectNeighbourWorks(peers, 'well');
    expect(Date.now() - from, 'ms to connect, list and call').toBeLessThan(2 * LIST_MS);
    await late.start();
    for (const { list, call } of peers) {
      await until('its tools are listed', async () => (await list()).includes('late-echo'), 20_000);
      expect(await call('late-echo', { text: 'here' })).toBe('here');
    }
  });
});
