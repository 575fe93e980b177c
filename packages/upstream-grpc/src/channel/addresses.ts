/** @module Where a connection goes: names are looked up here, once for each connection, so that no refused address is met. */
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { ForgeError } from '@forge/protocol';

/** The host and port of a URL. */
export interface HostPort {
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * The addresses of a name, to be tried in turn.
 *
 * @throws ForgeError `upstream_unreachable` where the name is unknown, or leads to an address that is refused
 */
export async function addressesOf({ host }: HostPort, refuses: (host: string) => boolean): Promise<string[]> {
  const found = await lookup(host, { all: true, order: 'verbatim' }).catch((error: unknown) => {
    throw new ForgeError('upstream_unreachable', `${host} cannot be looked up: ${(error as Error).message}`);
  });
  if ([host, ...found.map(({ address }) => address)].some(refuses)) {
    throw new ForgeError(
      'upstream_unreachable',
      `${host} is a host that must not be called, or leads to such an address`,
    );
  }
  return [...new Set(found.map(({ address }) => address))];
}

/** `host:port` as in `:authority`. */
export function authority(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
