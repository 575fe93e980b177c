/** @module OAuth client credentials in the fields of ContextForge. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';
import { camelCase, isObject } from '../http/keys.ts';

const Text = z.string().max(LIMITS.headerValueLength);
const Url = z.string().max(LIMITS.urlLength);

/** Brings the keys of an object to camelCase; those below are left alone. */
export const camelKeys = (value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [camelCase(key), one])) : value;

const GrantType = z.literal('client_credentials');
const fields = {
  tokenUrl: Url,
  clientId: z.string().min(1).max(1024),
  clientSecret: Text.min(1),
  scopes: z.union([z.array(z.string().max(1024)).max(100), z.string().max(4096)]).optional(),
  audience: Url.optional(),
  resource: Url.optional().meta({ description: 'RFC 8707' }),
  tokenEndpointAuthMethod: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .optional()
    .meta({ description: 'How the gateway proves itself there; default client_secret_basic' }),
};

/** As bodies have it, in either spelling. */
export const OAuthConfig = z.preprocess(
  camelKeys,
  z.strictObject({ grantType: GrantType.default('client_credentials'), ...fields }),
);

/** As answers have it: the secret is masked. */
export const OAuthConfigRead = z.object({ grantType: GrantType, ...fields }).meta({ id: 'OAuthConfig' });
