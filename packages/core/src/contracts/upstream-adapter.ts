/** @module How adapters join: each says which upstreams it serves and makes the connection object. */
import type { Upstream, UpstreamEvents } from '@forge/protocol';
import type { UpstreamRecord } from './model.ts';

/** Makes upstreams of the transports it names. */
export interface UpstreamAdapter {
  readonly transports: readonly UpstreamRecord['transport'][];
  /**
   * Looks at `config` and `secrets` before they are kept. Absent: upstreams of these transports have neither.
   *
   * @throws ForgeError `validation_failed` naming the field
   */
  check?(record: UpstreamRecord): void;
  /** Origins besides that of `url` that secrets are sent to. When they change, secrets must be given again. */
  destinations?(record: UpstreamRecord): readonly string[];
  /** `record` has its secrets unsealed. Does not connect. */
  create(record: UpstreamRecord, events: UpstreamEvents): Upstream;
}
