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
 * Targets for grpc-js, to be tried in turn: the addresses of a name, one target for each family.
 *
 * @throws ForgeError `upstream_unreachable` where the name is unknown, or leads to an address that is refused
 */
export async function targetsOf({ host, port }: HostPort, refuses: (host: string) => boolean): Promise<string[]> {
  const found = await lookup(host, { all: true, order: 'verbatim' }).catch((error: unknown) => {
    throw new ForgeError('upstream_unreachable', `${host} cannot be looked up: ${(error as Error).message}`);
  });
  if ([host, ...found.map(({ address }) => address)].some(refuses)) {
    throw new ForgeError(
      'upstream_unreachable',
      `${host} is a host that must not be called, or leads to such an address`,
    );
  }
  const families = [...new Set(found.map(({ family }) => family))];
  return families.map((family) => {
    const addresses = found.filter((one) => one.family === family).map(({ address }) => authority(address, port));
    return `ipv${family}:${addresses.join(',')}`;
  });
}

/** `host:port` as in `:authority`. */
export function authority(host: string, port: number): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
