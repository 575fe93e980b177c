/** @module Files as arguments: base64, or a `data:` URL of it. */
import { ArgumentError } from './arguments.ts';

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const DATA_URL = /^data:([^;,]*)[^,]*;base64,/;

/** The bytes, and their type where a `data:` URL names it. @throws ArgumentError naming the argument */
export function fromBase64(argument: string, value: unknown): { bytes: Uint8Array; type: string | undefined } {
  const text = typeof value === 'string' ? value : '';
  const prefix = DATA_URL.exec(text.slice(0, 256));
  const data = prefix === null ? text : text.slice(prefix[0].length);
  if (typeof value !== 'string' || data.length % 4 !== 0 || !BASE64.test(data)) {
    throw new ArgumentError(`"${argument}" must be a file in base64`);
  }
  return { bytes: Buffer.from(data, 'base64'), type: prefix?.[1] || undefined };
}
