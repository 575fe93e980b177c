/**
 * @module Which hosts Forge may call. It is asked when an upstream is registered, and with each connection, of the name and
 * of every address that the name leads to at that moment.
 */
import { type Address, isWithin, type Network, parseAddress, parseNetwork, spellings } from './networks.ts';

/** What may be called, on top of the public Internet. Networks are CIDR: `10.0.0.0/8`, `fd00::/8`, or one address. */
export interface AddressRules {
  /** This machine: 127.0.0.0/8, ::1, 0.0.0.0. @default true */
  readonly allowLoopback?: boolean | undefined;
  /** RFC 1918, RFC 6598, unique local and whatever else is not public. @default true */
  readonly allowPrivate?: boolean | undefined;
  /** Networks that are allowed in spite of the two above. */
  readonly allowed?: readonly string[] | undefined;
  /** Networks that are refused in spite of all other rules. */
  readonly blocked?: readonly string[] | undefined;
  /** Names that are refused, with every name below them. */
  readonly blockedHosts?: readonly string[] | undefined;
}

/** Decides which hosts may be called. */
export interface AddressPolicy {
  /** Why a name or an address must not be called; `undefined`: it may be, as far as it goes. */
  refusal(host: string): string | undefined;
}

/** Where cloud providers serve credentials to whoever asks from inside; and whatever is link-local. Never allowed. */
const METADATA = networks([
  '169.254.0.0/16',
  'fe80::/10',
  'fd00:ec2::254', // Amazon
  '100.100.100.200', // Alibaba
  '168.63.129.16', // Azure
  '192.0.0.192', // Oracle
]);
const METADATA_HOSTS = ['metadata.google.internal', 'metadata.internal', 'metadata', 'instance-data'];

const LOOPBACK = networks(['127.0.0.0/8', '0.0.0.0/8', '::1', '::']);
const PRIVATE = networks([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '192.0.0.0/24',
  '198.18.0.0/15',
  '224.0.0.0/3', // multicast, reserved, broadcast
  'fc00::/7',
  'fec0::/10',
  'ff00::/8',
]);

/**
 * A policy. Link-local and metadata addresses are refused by every one.
 *
 * @throws RangeError naming what is no network
 *
 * @example
 * createAddressPolicy({ allowPrivate: false }).refusal('10.0.0.7'); // 'is an address of a private network'
 */
export function createAddressPolicy(rules: AddressRules = {}): AddressPolicy {
  const { allowLoopback = true, allowPrivate = true } = rules;
  const allowed = networks(rules.allowed ?? []);
  const blocked = networks(rules.blocked ?? []);
  const blockedHosts = [...METADATA_HOSTS, ...(rules.blockedHosts ?? []).map((name) => name.toLowerCase())];

  function addressRefusal(address: Address): string | undefined {
    const isIn = (list: readonly Network[]): boolean => list.some((network) => isWithin(address, network));
    if (isIn(METADATA)) return 'is a link-local or metadata address';
    if (isIn(blocked)) return 'is in a blocked network';
    if (isIn(allowed)) return undefined;
    if (!allowLoopback && isIn(LOOPBACK)) return 'is an address of this machine';
    return !allowPrivate && isIn(PRIVATE) ? 'is an address of a private network' : undefined;
  }

  return {
    refusal(host) {
      const address = parseAddress(host);
      if (address !== undefined) return spellings(address).map(addressRefusal).find(Boolean);
      const name = host.toLowerCase().replace(/\.$/, '');
      const isBlocked = blockedHosts.some((blocked) => name === blocked || name.endsWith(`.${blocked}`));
      return isBlocked ? 'is a blocked name' : undefined;
    },
  };
}

function networks(texts: readonly string[]): Network[] {
  return texts.map((text) => {
    const network = parseNetwork(text);
    if (network === undefined) throw new RangeError(`"${text}" is not a network such as 10.0.0.0/8`);
    return network;
  });
}
