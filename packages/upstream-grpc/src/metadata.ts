/** @module Metadata: what is sent with every call, credentials among it. */
import { ForgeError } from '@forge/protocol';
import { checkHeaders, type Headers, isValue } from './headers.ts';

/** Headers of HTTP/2. Binary values are base64. */
export type Metadata = Readonly<Record<string, string>>;

/** Metadata of headers. @throws ForgeError `validation_failed` */
export function createMetadata(headers: Headers): Metadata {
  checkHeaders(headers);
  const written = Object.entries(headers).map(([name, value]) => {
    return [name, name.endsWith('-bin') ? Buffer.from(value, 'base64').toString('base64') : value];
  });
  return Object.fromEntries(written) as Metadata;
}

/** The same with another `authorization`: what a client wants to be sent for itself. @throws ForgeError `invalid_params` */
export function withAuthorization(metadata: Metadata, authorization: string): Metadata {
  if (!isValue('authorization', authorization)) {
    throw new ForgeError('invalid_params', 'X-Upstream-Authorization has characters that metadata cannot carry');
  }
  return { ...metadata, authorization };
}
