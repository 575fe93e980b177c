/** @module The revisions of the Model Context Protocol that Forge speaks, newest first. */

/** A protocol era: `modern` is stateless (2026-07-28), `legacy` has `initialize` and sessions. */
export type Era = 'modern' | 'legacy';

/** Revisions of the modern era, newest first. */
export const MODERN_VERSIONS: readonly string[] = ['2026-07-28'];

/** Revisions of the legacy era, newest first. */
export const LEGACY_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

/** The revision that Forge offers first in the modern era. */
export const LATEST_MODERN = '2026-07-28';

/** The revision that Forge offers first in the legacy era. */
export const LATEST_LEGACY = '2025-11-25';

/** What a legacy HTTP request without `MCP-Protocol-Version` speaks (2025-11-25, Transports, Protocol Version Header). */
export const ASSUMED_LEGACY = '2025-03-26';

/** Every revision that Forge speaks, newest first. */
export const SUPPORTED_VERSIONS: readonly string[] = [...MODERN_VERSIONS, ...LEGACY_VERSIONS];

/** The era of a revision, or `undefined` for one that Forge does not speak. */
export function eraOf(version: string): Era | undefined {
  if (MODERN_VERSIONS.includes(version)) return 'modern';
  return LEGACY_VERSIONS.includes(version) ? 'legacy' : undefined;
}

/**
 * The revision to agree on at `initialize`: the requested one where it is served, else the first legacy one that is
 * (2025-11-25, Lifecycle, Version Negotiation); `undefined` where no legacy revision is served.
 *
 * @param served in order of preference
 */
export function agreedLegacy(requested: string, served: readonly string[] = SUPPORTED_VERSIONS): string | undefined {
  const isServed = served.includes(requested) && eraOf(requested) === 'legacy';
  return isServed ? requested : served.find((version) => eraOf(version) === 'legacy');
}

/** `_meta` keys that carry the modern request envelope (2026-07-28, basic/index, `_meta`). */
export const META = {
  protocolVersion: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  clientCapabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscriptionId: 'io.modelcontextprotocol/subscriptionId',
} as const;
