/** @module Takes the compression off an answer, to a bound: a few bytes can stand for gigabytes. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib';
import { ForgeError } from '@forge/protocol';

type Decode = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const [unzip, unbrotli, inflated, inflatedRaw] = [gunzip, brotliDecompress, inflate, inflateRaw].map(
  (decode) => promisify(decode) as Decode,
) as [Decode, Decode, Decode, Decode];

/** What may be asked for. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/**
 * The bytes that were meant; `undefined` when they are more than `maxBytes`.
 *
 * @throws ForgeError `upstream_error` for an encoding that was not asked for, and for broken data
 */
export async function decodeBody(
  bytes: Uint8Array,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  const decode = decoderOf(encoding.trim().toLowerCase(), bytes);
  if (decode === undefined || bytes.length === 0) return bytes;
  try {
    return await decode(bytes, { maxOutputLength: maxBytes });
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw new ForgeError('upstream_error', `The answer says it is compressed (${encoding}), and is not`, { cause });
  }
}

function decoderOf(encoding: string, bytes: Uint8Array): Decode | undefined {
  switch (encoding) {
    case '':
    case 'identity':
      return undefined;
    case 'gzip':
    case 'x-gzip':
      return unzip;
    case 'br':
      return unbrotli;
    case 'deflate':
      // RFC 9110, 8.4.1.2: zlib's format; some send the bare data.
      return ((bytes[0] ?? 0) & 0x0f) === 8 ? inflated : inflatedRaw;
    default:
      throw new ForgeError('upstream_error', `The answer has the encoding "${encoding.slice(0, 40)}", unasked`);
  }
}
