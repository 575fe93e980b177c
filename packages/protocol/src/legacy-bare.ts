/**
 * @module Legacy requests that no `initialize` came before: each stands for itself. Nobody can be asked anything, and nobody
 * listens.
 */
import { offersOf } from './capabilities.ts';
import type { Endpoint } from './endpoint.ts';
import type { Caller } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { LegacySession } from './legacy-session.ts';
import { randomId } from './random-id.ts';
import { ASSUMED_LEGACY } from './versions.ts';

const EMPTY = new JsonText('{}');
const NO_OFFERS = offersOf(EMPTY);

/** What takes such requests. */
export function bareSession(
  endpoint: Endpoint,
  caller: Caller,
  protocolVersion: string = ASSUMED_LEGACY,
  now: () => number = Date.now,
): LegacySession {
  const opening = { endpoint, caller, protocolVersion, capabilities: EMPTY, info: undefined };
  return new LegacySession(randomId(), { ...opening, offers: NO_OFFERS }, now);
}
