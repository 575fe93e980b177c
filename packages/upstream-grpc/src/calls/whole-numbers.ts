/** @module Whole numbers that JavaScript would make others of. */
import { endOfString } from '@forge/protocol';

/** Whether any is in a text is quickly seen; most have none. */
const LONG = /\d{16}/;
/** Neither part of what is no whole number, nor too long for 64 bits. */
const WHOLE = /-?(?<![\d.eE+])\d{16,20}(?![\d.eE])/g;

/**
 * Holds 64-bit integers that a JSON text has as numbers to those that arrive as they are: 9007199254740993 would be another
 * record than the one that was meant. Strings are skipped one by one: a pattern for them runs out of stack where they are long.
 *
 * @param json valid JSON
 * @throws Error naming the number
 */
export function checkWholeNumbers(json: string): void {
  if (!LONG.test(json)) return;
  for (let at = 0; at < json.length;) {
    const quote = json.indexOf('"', at);
    const end = quote === -1 ? json.length : quote;
    checkNumbers(json.slice(at, end));
    at = quote === -1 ? end : endOfString(json, quote);
  }
}

function checkNumbers(text: string): void {
  if (!LONG.test(text)) return;
  for (const [number] of text.matchAll(WHOLE)) {
    if (BigInt(Number(number)) === BigInt(number)) continue;
    throw new Error(`${number} has more digits than a number keeps; give it as text, as the schema says`);
  }
}
