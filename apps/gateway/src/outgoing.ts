/** @module Which hosts the gateway may call. */
import { isLoopback } from '@forge/cli';
import { type AddressPolicy, createAddressPolicy } from '@forge/core';
import type { Settings } from './config/schema.ts';

/**
 * The settings as a policy. A gateway that only this machine can reach may call what its user can call; one that others
 * reach must be told which private networks it may lead them into.
 */
export function addressPolicy(settings: Settings): AddressPolicy {
  if (!settings.SSRF_PROTECTION_ENABLED) return createAddressPolicy();
  const isLocal = isLoopback(settings.HOST);
  return createAddressPolicy({
    allowLoopback: settings.SSRF_ALLOW_LOCALHOST ?? isLocal,
    allowPrivate: settings.SSRF_ALLOW_PRIVATE_NETWORKS ?? isLocal,
    allowed: settings.SSRF_ALLOWED_NETWORKS,
    blocked: settings.SSRF_BLOCKED_NETWORKS,
    blockedHosts: settings.SSRF_BLOCKED_HOSTS,
  });
}
