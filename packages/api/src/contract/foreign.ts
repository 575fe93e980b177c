/** @module Fields of ContextForge that there are not here: bodies that ask for nothing by them are taken unchanged. */
import { slugify } from '@forge/core';
import type { ForeignFields } from '../http/keys.ts';

type Foreign = ForeignFields[string];

const isEmpty = (value: unknown): boolean =>
  value === false || value === '' || (typeof value === 'object' && Object.keys(value ?? {}).length === 0);

/** Taken while it is empty, `false` or one of `neutral`; else the message says what to do instead. */
const unless = (message: string, ...neutral: readonly unknown[]): Foreign => {
  return (value) => (isEmpty(value) || neutral.includes(value) ? undefined : message);
};

/** Taken, and of no effect: it says something about the thing that nothing depends on. */
const noted: Foreign = () => undefined;

const METADATA = 'is not kept here: leave it out';
const PASSTHROUGH = 'only X-Upstream-Authorization of a client is passed on, as Authorization; leave it out';

/** Of every body. */
export const SHARED_FOREIGN: ForeignFields = {
  teamId: unless('there are no teams here: leave it out, and set visibility to public or private'),
  team: unless('there are no teams here: leave it out'),
  ownerEmail: unless('the owner is who registers it: leave it out'),
  extensionMetadata: unless(METADATA),
};

/** Of bodies of tools. */
export const TOOL_FOREIGN: ForeignFields = {
  ...SHARED_FOREIGN,
  deprecated: unless('tools cannot be marked so here: leave it out, or set enabled to false'),
  allowAuto: unless('leave it out'),
};

/** Of bodies of gateways. */
export const GATEWAY_FOREIGN: ForeignFields = {
  ...SHARED_FOREIGN,
  passthroughHeaders: unless(PASSTHROUGH),
  authValue: unless('is not taken: send the credentials themselves, by authToken, authUsername or authHeaders'),
  oauthConfig: unless('OAuth is there for REST tools and agents only; send a token as authToken'),
  authQueryParamKey: unless('is there for REST tools and agents only: put it into url'),
  authQueryParamValue: unless('is there for REST tools and agents only: put it into url'),
  oneTimeAuth: unless('is not there: credentials are kept, sealed'),
  caCertificate: unless('set NODE_EXTRA_CA_CERTS for the gateway instead; for gRPC, config.tls'),
  caCertificateSig: unless('set NODE_EXTRA_CA_CERTS for the gateway instead'),
  signingAlgorithm: noted,
  clientCert: unless('there are client certificates for gRPC only, by config.tls'),
  clientKey: unless('there are client certificates for gRPC only, by config.tls'),
  refreshIntervalSeconds: unless('is the same for all gateways: leave it out'),
  gatewayMode: unless('can only be "cache": leave it out', 'cache'),
  identityPropagation: unless('is not there: leave it out'),
};

/** Of bodies of agents. */
export const AGENT_FOREIGN: ForeignFields = {
  ...SHARED_FOREIGN,
  slug: (value, { name }) =>
    value === '' || value === slugify(String(name)) ? undefined : 'is made of the name: leave it out',
  passthroughHeaders: unless(PASSTHROUGH),
  generateUaid: unless('there are no UAIDs here: leave it out'),
  uaidNativeIdOverride: unless('there are no UAIDs here: leave it out'),
  uaidRegistry: noted,
  uaidProtocol: noted,
  uaidSkills: noted,
  version: noted,
};

/** Of bodies of virtual servers. */
export const SERVER_FOREIGN: ForeignFields = {
  ...SHARED_FOREIGN,
  oauthEnabled: unless('clients come with tokens of the gateway: leave it out'),
  oauthConfig: unless('clients come with tokens of the gateway: leave it out'),
};
