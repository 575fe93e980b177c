/** @module The body of a POST, as text. */
import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Bytes, ForgeError, isJsonContentType } from '@forge/protocol';

/**
 * What the headers say of a body, before any of it is read.
 *
 * @throws ForgeError `unsupported_media_type`, `payload_too_large`
 */
export function checkBodyHeaders(headers: IncomingHttpHeaders, maxBytes: number): void {
  if (!isJsonContentType(headers['content-type'])) throw new ForgeError('unsupported_media_type');
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ForgeError('unsupported_media_type', 'Content-Encoding must be absent');
  }
  if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

/**
 * Reads a body and calls `next` with its text, or `fail` with ForgeError `payload_too_large` or `parse_error`, or with
 * what `next` threw. When the client goes away before the end, it calls neither.
 */
export function readBodyText(
  req: IncomingMessage,
  maxBytes: number,
  next: (text: string) => void,
  fail: (error: unknown) => void,
): void {
  const body = new Bytes();
  const onData = (chunk: Buffer): void => {
    if (body.length + chunk.length > maxBytes) {
      req.off('data', onData).off('end', onEnd);
      fail(tooLarge(maxBytes));
    } else body.push(chunk);
  };
  const onEnd = (): void => {
    try {
      next(decode(body.all));
    } catch (error) {
      fail(error);
    }
  };
  req.on('data', onData);
  req.on('end', onEnd);
  req.on('error', () => {}); // the client went away: there is nobody to answer
}

function decode(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new ForgeError('parse_error', 'The body is not UTF-8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}

function tooLarge(maxBytes: number): ForgeError {
  return new ForgeError('payload_too_large', `The body is larger than ${maxBytes} bytes`);
}
