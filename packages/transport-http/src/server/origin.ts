/**
 * @module Which web pages may reach an endpoint: the checks of `Host` and `Origin` that stop DNS rebinding (2026-07-28,
 * Streamable HTTP, Security & Endpoint).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { ForgeError } from '@forge/protocol';

/** Rules for `Host` and `Origin`. Clients that are no browsers send no `Origin`, and pass. */
export interface OriginRules {
  /**
   * The server is bound to loopback: then `Host`, and `Origin` where there is one, must name loopback or stand in the
   * lists.
   * @default true
   */
  readonly loopback?: boolean | undefined;
  /**
   * Names that `Host` may have, with a port or for any. An `Origin` on one of them is allowed too. Empty: when not bound
   * to loopback, any `Host`.
   * @default []
   */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Origins that may call, e.g. `https://console.example.com`; `*` for all. @default [] */
  readonly allowedOrigins?: readonly string[] | undefined;
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/;

/** Makes the check. It throws ForgeError `origin_not_allowed`, and comes before every other check of a request. */
export function createOriginCheck(rules: OriginRules = {}): (headers: IncomingHttpHeaders) => void {
  const loopback = rules.loopback ?? true;
  const hosts = new Set(rules.allowedHosts?.map((host) => host.toLowerCase()));
  const origins = new Set(rules.allowedOrigins?.map((origin) => origin.toLowerCase()));
  const anyHost = !loopback && hosts.size === 0;
  const anyOrigin = origins.has('*');

  function knownHost(host: string): boolean {
    return (loopback && LOOPBACK.test(host)) || hosts.has(host) || hosts.has(host.replace(/:\d+$/, ''));
  }

  function knownOrigin(origin: string): boolean {
    if (anyOrigin || origins.has(origin)) return true;
    const host = /^https?:\/\/([^/]+)$/.exec(origin)?.[1];
    return host !== undefined && knownHost(host);
  }

  return ({ host, origin }) => {
    if (!anyHost && !knownHost(host?.toLowerCase() ?? '')) throw new ForgeError('origin_not_allowed');
    if (origin !== undefined && !knownOrigin(origin.toLowerCase())) throw new ForgeError('origin_not_allowed');
  };
}
