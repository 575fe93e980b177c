/** @module Endpoints that belong to one client each: bounded in number, closed when nobody has used them for a while. */
import { type Endpoint, ForgeError, type Relay } from '@forge/protocol';

/** Bounds of {@link createEndpointPool}. */
export interface EndpointPoolOptions {
  /** Past it, the one that has been idle for longest makes room. */
  readonly max: number;
  readonly idleMs: number;
}

/** Endpoints by key. */
export interface EndpointPool {
  /** @throws ForgeError `overloaded` when there is no room, because all are in use */
  get(key: string, open: () => Relay): Endpoint;
  close(): Promise<void>;
}

interface Entry {
  readonly relay: Relay;
  readonly endpoint: Endpoint;
  /** Calls in flight, and clients that listen. */
  inUse: number;
  usedAt: number;
}

/** No endpoint yet. */
export function createEndpointPool({ max, idleMs }: EndpointPoolOptions): EndpointPool {
  /** In the order of their last look-up. */
  const entries = new Map<string, Entry>();
  let sweeper: NodeJS.Timeout | undefined;

  function drop(key: string, { relay }: Entry): Promise<void> {
    entries.delete(key);
    return relay.upstream.close();
  }

  function makeRoom(): void {
    if (entries.size < max) return;
    for (const [key, entry] of entries) {
      if (entry.inUse === 0) return void drop(key, entry);
    }
    throw new ForgeError('overloaded', `All ${max} children are busy`, { retryAfter: 5 });
  }

  function sweep(): void {
    for (const [key, entry] of entries) {
      if (entry.inUse === 0 && Date.now() - entry.usedAt > idleMs) void drop(key, entry);
    }
    if (entries.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  return {
    get(key, open) {
      let entry = entries.get(key);
      if (entry === undefined) {
        makeRoom();
        entry = counted(open());
        sweeper ??= setInterval(sweep, Math.min(idleMs, 60_000)).unref();
      }
      entry.usedAt = Date.now();
      entries.delete(key);
      entries.set(key, entry);
      return entry.endpoint;
    },
    async close() {
      clearInterval(sweeper);
      await Promise.all([...entries].map(([key, entry]) => drop(key, entry)));
    },
  };
}

/** An endpoint that knows whether it is in use. */
function counted(relay: Relay): Entry {
  const end = (): void => {
    entry.inUse -= 1;
    entry.usedAt = Date.now();
  };
  const during = async <T>(work: Promise<T> | T): Promise<T> => {
    entry.inUse += 1;
    try {
      return await work;
    } finally {
      end();
    }
  };
  const endpoint: Endpoint = {
    ...relay,
    describe: (caller) => during(relay.describe(caller)),
    handle: (request, exchange) => during(relay.handle(request, exchange)),
    listen(client, filter, listener) {
      entry.inUse += 1;
      const listening = relay.listen(client, filter, listener);
      return {
        get ready() {
          return listening.ready;
        },
        update: (next) => listening.update(next),
        close() {
          end();
          listening.close();
        },
      };
    },
  };
  const entry: Entry = { relay, endpoint, inUse: 0, usedAt: Date.now() };
  return entry;
}
