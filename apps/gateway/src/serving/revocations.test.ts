import { createMemoryBus, createMemoryStore } from '@forge/core';
import { expect, it } from 'vitest';
import { createRevocations } from './revocations.ts';

it('a revoked token is known from the store, and from the bus at once', async () => {
  const store = createMemoryStore();
  const bus = createMemoryBus();
  const now = Date.now();
  await store.revokedTokens.add({ jti: 'old', revokedAt: now, expiresAt: now + 60_000 });
  await store.revokedTokens.add({ jti: 'expired', revokedAt: now - 2, expiresAt: now - 1 });
  const revocations = await createRevocations(store, bus);
  expect([revocations.has('old'), revocations.has('expired'), revocations.has('new')]).toEqual([true, false, false]);
  await bus.publish({ type: 'changed' });
  await bus.publish({ type: 'token-revoked', jti: 'new' });
  await expect.poll(() => revocations.has('new')).toBe(true);
  revocations.close();
  await bus.publish({ type: 'token-revoked', jti: 'later' });
  expect(revocations.has('later')).toBe(false);
  await bus.close();
});
