/** @module Whole numbers that JavaScript would make others of. */

/** Whether any is in a text is quickly seen; strings are skipped, and so is what is no whole number, or too long for 64 bits. */
const LONG = /\d{16}/;
const TOKENS = /"(?:[^"\\]+|\\.)*"|-?(?<![\d.eE+])\d{16,20}(?![\d.eE])/g;

/**
 * Holds 64-bit integers that a JSON text has as numbers to those that arrive as they are: 9007199254740993 would be another
 * record than the one that was meant.
 *
 * @throws Error naming the number
 */
export function checkWholeNumbers(json: string): void {
  if (!LONG.test(json)) return;
  for (const [token] of json.matchAll(TOKENS)) {
    if (token.startsWith('"') || BigInt(Number(token)) === BigInt(token)) continue;
    throw new Error(`${token} has more digits than a number keeps; give it as text, as the schema says`);
  }
}
