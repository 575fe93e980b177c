/** @module Connections for undici that refuse hosts, whether they are written as names or as addresses. */
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { guardedLookup, refusedHost } from './guarded-lookup.ts';

/** Options of {@link guardedConnector}. */
export interface ConnectorOptions {
  /** Whether a name, or an address that it leads to, must not be called; asked with each connection. */
  refuses(host: string): boolean;
  readonly timeoutMs: number;
  /** @default that of the operating system */
  readonly lookup?: LookupFunction | undefined;
}

/**
 * The `connect` option of undici's pools.
 *
 * @example
 * new Pool(origin, { connect: guardedConnector({ refuses: (host) => host.startsWith('10.'), timeoutMs: 5000 }) });
 */
export function guardedConnector({ refuses, timeoutMs, lookup }: ConnectorOptions): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, lookup: guardedLookup(refuses, lookup) });
  return (options, callback) => {
    if (refuses(options.hostname.replace(/^\[|\]$/g, ''))) callback(refusedHost(), null);
    else connect(options, callback);
  };
}
