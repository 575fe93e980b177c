/**
 * @module What an upstream's first answers say of it: its era (`server/discover`), and its description in one form.
 * Versioning and Compatibility; 2025-11-25, Lifecycle.
 */
import { OWN_CAPABILITIES } from './capabilities.ts';
import type { ServerDescription } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Answer } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { carriedCapabilities } from './outgoing.ts';
import { eraOf, LATEST_LEGACY, META, MODERN_VERSIONS } from './versions.ts';

/** What an answer to `server/discover` proves. */
export type ProbeVerdict =
  | {
      readonly era: 'modern';
      readonly protocolVersion: string;
      readonly description: ServerDescription;
      readonly reason: string;
    }
  /** A modern server that refused the revision: probe once more with this one. */
  | { readonly era: 'retry'; readonly protocolVersion: string }
  | { readonly era: 'legacy'; readonly reason: string };

/** A server as the legacy era introduces it. */
export interface InitializeAnswer {
  readonly protocolVersion: string;
  readonly description: ServerDescription;
}

/** How reasons begin. */
const ANSWERED = 'server/discover was answered';
const UNSUPPORTED_VERSION = -32022;
const EMPTY = new JsonText('{}');
const NAMELESS = new JsonText('{"name":"unknown","version":"0"}');

/** `params` of `server/discover`. @param capabilities JSON text; default Forge's own */
export function discoverParams(
  protocolVersion: string,
  clientInfo: JsonText,
  capabilities = OWN_CAPABILITIES.text,
): JsonText {
  return EMPTY.with({
    _meta: EMPTY.with({
      [META.protocolVersion]: JSON.stringify(protocolVersion),
      [META.clientInfo]: clientInfo.text,
      [META.clientCapabilities]: capabilities,
    }).text,
  });
}

/**
 * Judges an answer by its shape. A server that answers everything with some result, even `{}`, is not modern by that.
 * HTTP: only a 2xx or 4xx answer other than 401 and 403 is evidence at all.
 *
 * @param status of HTTP, for the reason, unless it is 200
 * @throws ForgeError `upstream_error` when it is no JSON.
 */
export function readProbe({ result, error }: Answer, status?: number): ProbeVerdict {
  const answered = status === undefined || status === 200 ? ANSWERED : `${ANSWERED} ${status}`;
  if (error !== undefined) {
    const supported = error.code === UNSUPPORTED_VERSION ? newestModern(error.data?.member('supported')) : undefined;
    if (supported !== undefined) return { era: 'retry', protocolVersion: supported };
    return { era: 'legacy', reason: `${answered} with ${error.code}` };
  }
  assertJson(result);
  const versions = result.member('supportedVersions');
  const protocolVersion = newestModern(versions);
  const reason = `${answered} ${versions ? `with supportedVersions ${brief(versions.text)}` : 'without supportedVersions'}`;
  if (protocolVersion === undefined) return { era: 'legacy', reason };
  const ttlMs = Number(result.member('ttlMs')?.text);
  return {
    era: 'modern',
    protocolVersion,
    reason,
    description: {
      serverInfo: result.member('_meta')?.member(META.serverInfo) ?? result.member('serverInfo') ?? NAMELESS,
      capabilities: objectMember(result, 'capabilities'),
      instructions: stringMember(result, 'instructions'),
      ttlMs: ttlMs > 0 ? ttlMs : 0,
      cacheScope: stringMember(result, 'cacheScope') === 'public' ? 'public' : 'private',
    },
  };
}

/** `params` of `initialize`. */
export function initializeParams(capabilities: JsonText, clientInfo: JsonText): JsonText {
  return EMPTY.with({
    protocolVersion: JSON.stringify(LATEST_LEGACY),
    capabilities: capabilities.text,
    clientInfo: clientInfo.text,
  });
}

/**
 * Reads the answer to `initialize`; any legacy revision that Forge speaks is accepted.
 *
 * @throws ForgeError `upstream_error` when it is an error, or not what `initialize` answers.
 */
export function readInitialize({ result, error }: Answer): InitializeAnswer {
  if (error !== undefined) {
    throw new ForgeError('upstream_error', `The upstream refused initialize: ${brief(error.message)} (${error.code})`);
  }
  assertJson(result);
  const protocolVersion = stringMember(result, 'protocolVersion');
  if (protocolVersion === undefined) {
    throw new ForgeError('upstream_error', 'The upstream is no MCP server: its answer to initialize has no revision');
  }
  if (eraOf(protocolVersion) !== 'legacy') {
    throw new ForgeError(
      'upstream_error',
      `The upstream speaks revision ${brief(protocolVersion)}, which Forge does not`,
    );
  }
  return {
    protocolVersion,
    description: {
      serverInfo: result.member('serverInfo') ?? NAMELESS,
      capabilities: carriedCapabilities({ era: 'legacy', capabilities: objectMember(result, 'capabilities') }),
      instructions: stringMember(result, 'instructions'),
      ttlMs: 0,
      cacheScope: 'private',
    },
  };
}

/** Why a server is spoken to in the legacy era, after it was. */
export function legacyReason(why: string, protocolVersion: string): string {
  return `${why}; initialize agreed on ${protocolVersion}`;
}

/** What a server says of itself is kept and read at any time, so a large answer is parsed as well. */
function assertJson(result: JsonText): void {
  try {
    void result.value;
  } catch (cause) {
    throw new ForgeError('upstream_error', 'The upstream introduces itself with something that is no JSON', { cause });
  }
}

/** An upstream's words, short enough for a message of ours. */
function brief(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function newestModern(versions: JsonText | undefined): string | undefined {
  const offered = versions?.elements().map((version) => version.text) ?? [];
  return MODERN_VERSIONS.find((version) => offered.includes(JSON.stringify(version)));
}

function objectMember(object: JsonText, name: string): JsonText {
  const member = object.member(name);
  return member?.isObject === true ? member : EMPTY;
}

function stringMember(object: JsonText, name: string): string | undefined {
  const value = object.member(name)?.value;
  return typeof value === 'string' ? value : undefined;
}
