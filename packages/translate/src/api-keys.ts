/** @module Who calls, where keys are asked for: `Authorization: Bearer KEY`, or `X-API-Key: KEY`. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Caller, ForgeError } from '@forge/protocol';

/** Everybody who reaches the address. */
const ANYONE: Caller = { id: 'anyone' };

/** How keys are looked for. */
export interface ApiKeyOptions {
  /** Empty: nobody is asked. */
  readonly keys: readonly string[];
  /** Whether `Authorization` may carry one; otherwise it is somebody else's. */
  readonly inAuthorization: boolean;
}

/**
 * Makes the check. Holders of different keys are different callers: none can use another's session.
 *
 * @returns a function that throws ForgeError `unauthenticated`
 */
export function createAuthenticate({ keys, inAuthorization }: ApiKeyOptions): (request: IncomingMessage) => Caller {
  if (keys.length === 0) return () => ANYONE;
  const known = keys.map((key, index) => ({ digest: digestOf(key), caller: { id: `key-${index + 1}` } }));
  return ({ headers }) => {
    const bearer = inAuthorization ? /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] : undefined;
    const given = headers['x-api-key'] ?? bearer;
    const digest = digestOf(typeof given === 'string' ? given : '');
    const found = known.filter((key) => timingSafeEqual(key.digest, digest)); // all are compared, so that time tells nothing
    if (found[0] === undefined) throw new ForgeError('unauthenticated');
    return found[0].caller;
  };
}

function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
