/** @module Roughly how much memory a value holds, so that what is kept can be bounded. */

/** What an object, a member or a number takes besides its texts and bytes. */
const NODE = 32;

/** Bytes, about: of JSON, and of binary data in it. */
export function weightOf(value: unknown): number {
  if (typeof value === 'string') return NODE + value.length;
  if (typeof value !== 'object' || value === null) return NODE;
  if (ArrayBuffer.isView(value)) return NODE + value.byteLength;
  let weight = NODE;
  for (const [name, member] of Object.entries(value)) weight += name.length + weightOf(member);
  return weight;
}
