/** @module How adapters join: each says which upstreams it serves and makes the connection object. */
import type { Upstream, UpstreamEvents } from '@forge/protocol';
import type { UpstreamRecord } from './model.ts';

/** Makes upstreams of the transports it names. */
export interface UpstreamAdapter {
  readonly transports: readonly UpstreamRecord['transport'][];
  /** `record` has its secrets unsealed. Does not connect. */
  create(record: UpstreamRecord, events: UpstreamEvents): Upstream;
}
