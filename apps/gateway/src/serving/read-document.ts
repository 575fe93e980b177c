/** @module Reads documents that administrators name by URL: by HTTP, to a bound, from hosts that may be called. */
import { type AddressPolicy, checkUpstreamUrl, ForgeError } from '@forge/core';
import { createOutgoing, type OutgoingAnswer } from '@forge/outgoing';
import { IDENTITY } from '../modules.ts';

const MAX_BYTES = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const HEADERS = {
  accept: 'application/json, application/yaml;q=0.9, text/yaml;q=0.9, */*;q=0.5',
  'user-agent': `${IDENTITY.name}/${IDENTITY.version}`,
};

/**
 * Makes the function that reads a document.
 *
 * It throws ForgeError: `validation_failed` for a URL that must not be called, `forbidden` where it leads to such an address,
 * `upstream_*` where the document cannot be read.
 */
export function documentReader(addresses: AddressPolicy): (url: string) => Promise<string> {
  return async (text) => {
    const url = new URL(checkUpstreamUrl(text, { addresses }));
    const outgoing = createOutgoing({
      origin: url.origin,
      refuses: (host) => addresses.refusal(host) !== undefined,
      connections: 1,
    });
    const call = outgoing.send({ method: 'GET', url, headers: HEADERS, maxBytes: MAX_BYTES });
    const late = new ForgeError('upstream_timeout', `${url.host} takes longer than ${TIMEOUT_MS / 1000} s`);
    const timer = setTimeout(() => call.cancel(late), TIMEOUT_MS);
    try {
      return textOf(await call.answer, url);
    } finally {
      clearTimeout(timer);
      await outgoing.close();
    }
  };
}

/** The path is told, the query is not: it may hold a credential. */
function textOf({ status, body, isTooLong }: OutgoingAnswer, { origin, pathname }: URL): string {
  const what = `The document at ${origin}${pathname}`;
  if (status !== 200) throw new ForgeError('upstream_error', `${what} cannot be read: HTTP ${status}`);
  if (isTooLong) throw new ForgeError('upstream_error', `${what} has more than ${MAX_BYTES} bytes`);
  return new TextDecoder().decode(body);
}
