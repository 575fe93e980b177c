/** @module Settings: which hosts the gateway may call. */
import { flag, hosts, networks } from './fields.ts';

/** Settings of the protection against requests that others make the gateway send (SSRF). */
export const outgoingSettings = {
  SSRF_PROTECTION_ENABLED: flag()
    .default(true)
    .describe(
      'Whether upstreams are held to the settings below. Link-local and metadata addresses are refused without it, too.',
    ),
  SSRF_ALLOW_LOCALHOST: flag()
    .optional()
    .meta({ fallback: 'true where HOST is a loopback address, false elsewhere' })
    .describe('Whether upstreams may be on this machine (127.0.0.0/8, ::1).'),
  SSRF_ALLOW_PRIVATE_NETWORKS: flag()
    .optional()
    .meta({ fallback: 'true where HOST is a loopback address, false elsewhere' })
    .describe('Whether upstreams may be in private networks, such as 10.0.0.0/8, 192.168.0.0/16 and fd00::/8.'),
  SSRF_ALLOWED_NETWORKS: networks()
    .default([])
    .describe('Networks that upstreams may be in although the two settings above say no, separated by commas.'),
  SSRF_BLOCKED_NETWORKS: networks()
    .default([])
    .describe('Networks that upstreams must not be in, whatever else is allowed, separated by commas.'),
  SSRF_BLOCKED_HOSTS: hosts()
    .default([])
    .describe('Names that upstreams must not have, nor a name below them, separated by commas.'),
};
