/** @module Upstreams of this adapter, as the gateway would make them. */
import { createSealer, type UpstreamRecord } from '@forge/core';
import type { Upstream, UpstreamEvents } from '@forge/protocol';
import { a2aAdapter, type A2aAdapterOptions } from './adapter.ts';

/** Events that nobody listens to. */
export const NO_EVENTS: UpstreamEvents = {
  listChanged() {},
  resourceUpdated() {},
  sessionNote() {},
  sessionAsk: () => Promise.resolve({ error: { code: -32600, message: 'nobody to ask' } }),
  lost() {},
};

/** A record of an agent. */
export function recordOf(fields: Partial<UpstreamRecord> & { readonly url: string }): UpstreamRecord {
  return {
    id: 'u1',
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    owner: 'admin@example.com',
    enabled: true,
    visibility: 'public',
    tags: [],
    name: 'Suite',
    slug: 'suite',
    description: '',
    transport: 'a2a',
    headers: [],
    era: 'auto',
    ...fields,
  };
}

/** An upstream to an agent. */
export function upstreamOf(
  fields: Partial<UpstreamRecord> & { readonly url: string },
  options: Partial<A2aAdapterOptions> = {},
  events: UpstreamEvents = NO_EVENTS,
): Upstream {
  const sealer = createSealer('a secret of at least thirty-two characters');
  const adapter = a2aAdapter({ sealer, ...options });
  const record = recordOf(fields);
  adapter.check?.(record);
  return adapter.create(record, events);
}
