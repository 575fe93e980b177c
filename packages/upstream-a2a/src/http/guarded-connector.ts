/** @module Connections for undici and names for gRPC that refuse hosts, whether they are written as names or as addresses. */
import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** The `code` of the error of a host that is refused. */
export const REFUSED = 'EADDRREFUSED';

/** The error of a host that is refused. */
export function refusedHost(): Error {
  return Object.assign(new Error('The host is one that must not be called, or leads to such an address'), {
    code: REFUSED,
  });
}

/** A lookup that fails where one of a name's addresses is refused. What it finds is what is connected to. */
export function guardedLookup(refuses: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    dnsLookup(hostname, options, (error, found, family) => {
      if (error !== null) return callback(error, '');
      const addresses =
        typeof found === 'string' ? [found] : (found as { address: string }[]).map((one) => one.address);
      if (addresses.some(refuses)) callback(refusedHost(), '');
      else callback(null, found, family);
    });
  };
}

/** The `connect` option of undici's pools. `refuses` is asked about names and about addresses. */
export function guardedConnector(refuses: (host: string) => boolean, timeoutMs: number): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, lookup: guardedLookup(refuses) });
  return (options, callback) => {
    if (refuses(bare(options.hostname))) callback(refusedHost(), null);
    else connect(options, callback);
  };
}

/** A host without the brackets of an IPv6 address. */
export function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
