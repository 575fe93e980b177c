import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectPeers } from './clients/peer.ts';
import { startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope);
});
afterAll(() => scope.end());

describe.each(['modern', 'legacy'] as const)('a call to a %s upstream', (era) => {
  it.each([
    ['disabled', 'POST', '/state?activate=false', undefined],
    ['changed', 'PUT', '', { timeout_ms: 5000 }],
    ['removed', 'DELETE', '', undefined],
  ])('that is %s meanwhile is answered that it may have taken effect', async (name, method, path, body) => {
    const upstream = await startFixture(scope, era);
    const id = await gateway.register({ name: `${name} ${era}`, url: upstream.url });
    const peers = await connectPeers(scope, await gateway.compose(`${name} ${era}`, [id]), gateway.token);
    const calls = Promise.allSettled(peers.map(({ call }) => call('slow', { ms: 4000 })));
    await until('they are in flight', () => {
      return upstream.received.filter((hit) => hit.body.includes('"slow"')).length === peers.length;
    });
    expect((await gateway.api(method, `/gateways/${id}${path}`, body)).status).toBe(200);
    const why = `The gateway "${name} ${era}" was changed, disabled or removed before the call ended; it may have taken effect`;
    const reason: unknown = expect.objectContaining({ message: expect.stringContaining(why) });
    expect(await calls).toEqual(peers.map(() => ({ status: 'rejected', reason })));
  });

  it('goes on where only the description of its upstream changes', async () => {
    const upstream = await startFixture(scope, era);
    const id = await gateway.register({ name: `described ${era}`, url: upstream.url });
    const peers = await connectPeers(scope, await gateway.compose(`described ${era}`, [id]), gateway.token);
    const calls = peers.map(({ call }) => call('slow', { ms: 500 }));
    await until('they are in flight', () => {
      return upstream.received.filter((hit) => hit.body.includes('"slow"')).length === peers.length;
    });
    expect((await gateway.api('PUT', `/gateways/${id}`, { description: 'x', tags: ['y'] })).status).toBe(200);
    expect(await Promise.all(calls)).toEqual(peers.map(() => 'done'));
  });
});
