/** @module Compressed messages (grpc/doc/compression.md). */
import { promisify } from 'node:util';
import { gunzip, gzip, inflate } from 'node:zlib';
import { CallError, Status } from './status.ts';

/** What messages may be compressed by, as `grpc-accept-encoding` says it. */
export const ACCEPTED = 'identity,deflate,gzip';

const DECODERS = new Map([
  ['gzip', promisify(gunzip)],
  ['deflate', promisify(inflate)],
]);

/** By gzip. */
export const compress = promisify(gzip) as (message: Uint8Array) => Promise<Buffer>;

/**
 * What was compressed. No more than `maxBytes` are ever made of it.
 *
 * @throws CallError
 */
export async function decompress(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const decode = DECODERS.get(encoding);
  if (decode === undefined) {
    throw new CallError(
      Status.INTERNAL,
      `The answer is compressed by "${encoding.slice(0, 20)}", which was not offered`,
    );
  }
  try {
    return await decode(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new CallError(
        Status.RESOURCE_EXHAUSTED,
        `A message was answered that unpacks to more than ${maxBytes} bytes`,
      );
    }
    throw new CallError(Status.INTERNAL, `The answer cannot be unpacked: ${(error as Error).message}`);
  }
}
