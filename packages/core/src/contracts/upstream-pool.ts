/** @module The upstream pool contract: what the registry needs to know of live upstreams. */
import type { Era, UpstreamInfo } from '@forge/protocol';
import type { UpstreamRecord } from './model.ts';

/** How an upstream is, as operators see it. */
export interface UpstreamStatus {
  /** `pending`: not connected yet, or reconnecting after its first failures. */
  readonly state: 'pending' | 'connected' | 'unreachable' | 'disabled';
  /** When this state began. */
  readonly since: number;
  readonly era?: Era | undefined;
  readonly protocolVersion?: string | undefined;
  /** The transport that worked. */
  readonly transport?: string | undefined;
  /** Why this era. */
  readonly reason?: string | undefined;
  /** When era and revision were found, or last found to be the same. */
  readonly detectedAt?: number | undefined;
  /** When it last answered. */
  readonly lastSeen?: number | undefined;
  readonly error?:
    | {
        readonly code: string;
        readonly message: string;
        /** Failed attempts in a row. */
        readonly failures: number;
        readonly nextAttemptAt?: number | undefined;
      }
    | undefined;
  readonly serverInfo?: unknown;
  readonly capabilities?: unknown;
  readonly instructions?: string | undefined;
}

/** One item of an upstream's lists. */
export interface DiscoveredItem {
  /** Its name, URI or URI template. */
  readonly name: string;
  /** JSON text, as the upstream sent it. */
  readonly definition: string;
}

/** An item that cannot be offered, and why. */
export interface SkippedItem {
  readonly kind: 'tools' | 'prompts' | 'resources' | 'templates';
  readonly name: string;
  readonly reason: string;
}

/** An upstream's lists, all pages. */
export interface Discovered {
  readonly tools: readonly DiscoveredItem[];
  readonly prompts: readonly DiscoveredItem[];
  readonly resources: readonly DiscoveredItem[];
  readonly templates: readonly DiscoveredItem[];
  readonly skipped: readonly SkippedItem[];
  /** The least `ttlMs` of the lists; a legacy server gives none. */
  readonly ttlMs?: number | undefined;
  readonly info: UpstreamInfo;
}

/** Live upstreams. */
export interface UpstreamPool {
  /**
   * Asks the adapter whether it can make something of `record`, without connecting it.
   *
   * @throws ForgeError `not_implemented` without an adapter, `validation_failed`
   */
  check(record: UpstreamRecord): void;
  /** Every origin that secrets of `record` are sent to. */
  destinations(record: UpstreamRecord): readonly string[];
  /**
   * Connects `record` (secrets unsealed) and reads its lists. The connection of a record that is not registered yet is
   * kept for a moment, and taken over when it becomes registered.
   *
   * @throws ForgeError `upstream_unreachable`, `upstream_timeout`, `upstream_error`
   */
  discover(record: UpstreamRecord): Promise<Discovered>;
  status(upstreamId: string): UpstreamStatus;
}
