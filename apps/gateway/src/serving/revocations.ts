/** @module Which tokens have been revoked: in memory, for the data plane asks at each call. */
import type { Bus, Store } from '@forge/core';

/** The revoked tokens. */
export interface Revocations {
  has(jti: string): boolean;
  /** Grows whenever a token may have been revoked. */
  readonly epoch: number;
  close(): void;
}

/** What another process revoked is known after this long at most, where no bus tells. */
const RELOAD_MS = 30_000;

/** Reads the revoked tokens, and hears of new ones. Tokens that would have expired are forgotten. */
export async function createRevocations(store: Store, bus: Bus, now: () => number = Date.now): Promise<Revocations> {
  let epoch = 0;
  let revoked = new Set<string>();
  const reload = async () => {
    await store.revokedTokens.prune(now());
    revoked = new Set((await store.revokedTokens.all(now())).map(({ jti }) => jti));
    epoch += 1;
  };
  await reload();
  const unsubscribe = bus.subscribe((message) => {
    if (message.type !== 'token-revoked') return;
    revoked.add(message.jti);
    epoch += 1;
  });
  // A read that fails leaves what is known; the next one tries again.
  const timer = setInterval(() => void reload().catch(() => undefined), RELOAD_MS).unref();
  return {
    has: (jti) => revoked.has(jti),
    get epoch() {
      return epoch;
    },
    close() {
      unsubscribe();
      clearInterval(timer);
    },
  };
}
