/** @module Says in the log what becomes of each upstream. */
import type { Forge } from '@forge/core';
import type { Logger } from 'pino';

const LOOK_MS = 1000;

/**
 * Logs each change between connected and unreachable, with the reason; nothing on the way of a call.
 *
 * @returns the way to stop
 */
export function logUpstreams({ catalog, pool }: Forge, log: Logger): () => void {
  let known = new Map<string, string>();
  const look = () => {
    const now = new Map<string, string>();
    for (const { id, name } of catalog.snapshot.upstreams.values()) {
      const { state, era, protocolVersion, transport, error } = pool.status(id);
      now.set(id, state);
      if (state === known.get(id)) continue;
      if (state === 'connected')
        log.info({ upstream: name, era, protocolVersion, transport }, 'an upstream is connected');
      if (state === 'unreachable')
        log.warn({ upstream: name, reason: error?.message }, 'an upstream cannot be reached');
    }
    known = now;
  };
  const timer = setInterval(look, LOOK_MS).unref();
  return () => clearInterval(timer);
}
