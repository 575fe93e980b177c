/** @module Metadata: what is sent with every call, credentials among it. */
import { ForgeError } from '@forge/protocol';
import { Metadata } from '@grpc/grpc-js';

/** Headers by name, in lower case; those that end in `-bin` in base64. */
export type Headers = Readonly<Record<string, string>>;

/**
 * Metadata of headers.
 *
 * @throws ForgeError `validation_failed` naming the header, never its value
 */
export function createMetadata(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (key.startsWith('grpc-')) {
      throw new ForgeError('validation_failed', `headers: "${key}" cannot be set: gRPC writes it itself`);
    }
    try {
      metadata.set(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
    } catch {
      // What grpc-js says quotes the value.
      throw new ForgeError(
        'validation_failed',
        `headers: "${key}" or its value has characters that metadata cannot carry`,
      );
    }
  }
  return metadata;
}

/** The same with another `authorization`: what a client wants to be sent for itself. @throws ForgeError `invalid_params` */
export function withAuthorization(metadata: Metadata, authorization: string): Metadata {
  const own = metadata.clone();
  try {
    own.set('authorization', authorization);
  } catch {
    throw new ForgeError('invalid_params', 'X-Upstream-Authorization has characters that metadata cannot carry');
  }
  return own;
}
