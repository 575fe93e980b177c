/** @module The opening of a legacy session: what `initialize` asks, agrees on and answers. */
import { type Offers, offersOf } from './capabilities.ts';
import { unsupportedVersion } from './classify.ts';
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Caller } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { toLegacyCapabilities } from './shapes.ts';
import { agreedLegacy } from './versions.ts';

/** Characters of capabilities and `clientInfo` together that a session remembers at most. */
export const MAX_OPENING_CHARS = 32_768;

/** What a session knows from its first message. */
export interface SessionFacts {
  readonly endpoint: Endpoint;
  readonly caller: Caller;
  readonly protocolVersion: string;
  readonly capabilities: JsonText;
  readonly info: JsonText | undefined;
  readonly offers: Offers;
}

/** A session's first message, answered. */
export interface Opening extends SessionFacts {
  /** `InitializeResult`. */
  readonly result: JsonText;
}

/**
 * Agrees on a version: see {@link agreedLegacy}.
 *
 * @throws ForgeError `invalid_params`, `unsupported_version` where no legacy revision is served, and whatever
 * `endpoint.describe` throws.
 */
export async function openLegacy(
  endpoint: Endpoint,
  params: JsonText | undefined,
  caller: Caller,
  served = endpoint.versions,
): Promise<Opening> {
  const requested = params?.member('protocolVersion')?.value;
  if (typeof requested !== 'string') throw new ForgeError('invalid_params', 'protocolVersion must be a string');
  const protocolVersion = agreedLegacy(requested, served);
  if (protocolVersion === undefined) throw unsupportedVersion(requested, served);
  const capabilities = objectMember(params, 'capabilities') ?? new JsonText('{}');
  const info = objectMember(params, 'clientInfo');
  if (capabilities.text.length + (info?.text.length ?? 0) > MAX_OPENING_CHARS) {
    throw new ForgeError('invalid_params', `capabilities and clientInfo exceed ${MAX_OPENING_CHARS} characters`);
  }
  const description = await endpoint.describe(caller);
  const result = new JsonText('{}').with({
    protocolVersion: JSON.stringify(protocolVersion),
    capabilities: toLegacyCapabilities(description.capabilities).text,
    serverInfo: description.serverInfo.text,
    instructions: description.instructions === undefined ? undefined : JSON.stringify(description.instructions),
  });
  return { endpoint, caller, protocolVersion, capabilities, info, offers: offersOf(description.capabilities), result };
}

function objectMember(params: JsonText | undefined, name: string): JsonText | undefined {
  const member = params?.member(name);
  if (member === undefined) return undefined;
  if (!member.isObject) throw new ForgeError('invalid_params', `${name} must be an object`);
  return detached(member);
}

/** A copy that does not keep the whole body alive, as a slice of its text would for as long as the session lives. */
function detached(part: JsonText): JsonText {
  return new JsonText(new TextDecoder().decode(new TextEncoder().encode(part.text)));
}
