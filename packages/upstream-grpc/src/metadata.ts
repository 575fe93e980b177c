/** @module Metadata: what is sent with every call, credentials among it. */
import { ForgeError } from '@forge/protocol';
import { Metadata } from '@grpc/grpc-js';
import { checkHeaders, type Headers, isValue } from './headers.ts';

/** Metadata of headers. @throws ForgeError `validation_failed` */
export function createMetadata(headers: Headers): Metadata {
  checkHeaders(headers);
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, name.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}

/** The same with another `authorization`: what a client wants to be sent for itself. @throws ForgeError `invalid_params` */
export function withAuthorization(metadata: Metadata, authorization: string): Metadata {
  if (!isValue('authorization', authorization)) {
    throw new ForgeError('invalid_params', 'X-Upstream-Authorization has characters that metadata cannot carry');
  }
  const own = metadata.clone();
  own.set('authorization', authorization);
  return own;
}
