/** @module Looks names up, and refuses addresses: a name that was harmless when it was checked may lead elsewhere now. */
import { lookup as dnsLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** The `code` of the error of a host that is refused. */
export const REFUSED = 'EADDRREFUSED';

/** The error of a host that is refused. */
export function refusedHost(): Error {
  return Object.assign(new Error('The host is one that must not be called, or leads to such an address'), {
    code: REFUSED,
  });
}

/**
 * A lookup for `net.connect` that fails where one of a name's addresses is refused. What it finds is what is connected to:
 * nothing is looked up twice. Addresses are not looked up.
 */
export function guardedLookup(
  refuses: (address: string) => boolean,
  lookup: LookupFunction = dnsLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) return callback(error, '');
      const addresses = typeof found === 'string' ? [found] : found.map(({ address }) => address);
      if (addresses.some(refuses)) callback(refusedHost(), '');
      else callback(null, found, family);
    });
  };
}
