/** @module IP addresses and networks as numbers, however they are spelt. */

/** An address: 32 bits of IPv4, or 128 of IPv6. */
export interface Address {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A network: every address that begins with the same `length` bits. */
export interface Network extends Address {
  readonly length: number;
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * The address that a host name of a URL, or a resolver's answer, is; `undefined` for a name. Decimal, hexadecimal and short
 * IPv4, zones, brackets and a dot at the end are taken.
 */
export function parseAddress(host: string): Address | undefined {
  const [bare = ''] = host.replace(/^\[|\]$/g, '').split('%', 1);
  const text = bare.includes(':') ? `http://[${bare}]/` : `http://${bare}/`;
  // The parser of URLs knows every spelling, and brings each to one.
  const hostname = URL.canParse(text) ? new URL(text).hostname.replace(/\.$/, '') : '';
  if (IPV4.test(hostname)) return { bits: 32, value: join(hostname.split('.').map(Number), 8n) };
  if (!hostname.startsWith('[')) return undefined;
  const [head = '', tail] = hostname.slice(1, -1).split('::');
  const [before, after] = [groups(head), groups(tail ?? '')];
  const gap = tail === undefined ? [] : Array<number>(8 - before.length - after.length).fill(0);
  return { bits: 128, value: join([...before, ...gap, ...after], 16n) };
}

/** `10.0.0.0/8`, `fd00::/8`, or one address; `undefined` where it is none of them. */
export function parseNetwork(text: string): Network | undefined {
  const [host = '', length, ...rest] = text.trim().split('/');
  const address = /^[\d.]+$|:/.test(host) ? parseAddress(host) : undefined;
  if (address === undefined || rest.length > 0) return undefined;
  if (length === undefined) return { ...address, length: address.bits };
  const bits = /^\d{1,3}$/.test(length) ? Number(length) : Infinity;
  return bits <= address.bits ? { ...address, length: bits } : undefined;
}

/** Whether a text is one that {@link parseNetwork} takes. */
export function isNetwork(text: string): boolean {
  return parseNetwork(text) !== undefined;
}

/** Whether an address lies in a network. */
export function isWithin({ bits, value }: Address, network: Network): boolean {
  const shift = BigInt(bits - network.length);
  return bits === network.bits && value >> shift === network.value >> shift;
}

/** IPv6 networks whose addresses lead to IPv4 ones, and how far from the right those stand: mapped, translated, compatible, NAT64, 6to4. */
const EMBEDDING: readonly (readonly [network: Network | undefined, shift: bigint])[] = [
  [parseNetwork('::ffff:0:0/96'), 0n],
  [parseNetwork('::ffff:0:0:0/96'), 0n],
  [parseNetwork('::/96'), 0n],
  [parseNetwork('64:ff9b::/96'), 0n],
  [parseNetwork('64:ff9b:1::/48'), 0n],
  [parseNetwork('2002::/16'), 80n],
];

/** The address itself, and the IPv4 one that it leads to. */
export function spellings(address: Address): Address[] {
  if (address.bits === 32 || address.value <= 1n) return [address]; // `::` and `::1` embed nothing
  const embedded = EMBEDDING.flatMap(([network, shift]): Address[] =>
    network !== undefined && isWithin(address, network)
      ? [{ bits: 32, value: (address.value >> shift) & 0xffff_ffffn }]
      : [],
  );
  return [address, ...embedded];
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

function join(parts: readonly number[], bits: bigint): bigint {
  return parts.reduce((value, part) => (value << bits) | BigInt(part), 0n);
}
