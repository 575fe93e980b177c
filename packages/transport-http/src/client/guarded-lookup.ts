/** @module Looks names up, and refuses addresses: a name that was harmless when it was checked may lead elsewhere now. */
import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** A lookup for `net.connect` that fails where one of a name's addresses is refused. Addresses are not looked up. */
export function guardedLookup(isRefused: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, found, family) => {
      if (error !== null) return callback(error, '');
      const addresses =
        typeof found === 'string' ? [found] : (found as { address: string }[]).map((one) => one.address);
      if (!addresses.some(isRefused)) return callback(null, found, family);
      callback(Object.assign(new Error('The name leads to an address that is refused'), { code: 'EADDRREFUSED' }), '');
    });
  };
}
