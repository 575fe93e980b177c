/** @module REST endpoints as tools, in the fields of ContextForge. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';
import { camelKeys, OAuthConfig } from './oauth-config.ts';

const Schema = z.record(z.string(), z.unknown());
const Text = z.string().max(LIMITS.headerValueLength);
const Mapping = z.record(z.string().min(1).max(256), z.string().min(1).max(256));
const Url = z.string().max(LIMITS.urlLength);

/** What can be said about an endpoint. */
export const RestToolFields = {
  url: Url.optional().meta({ description: 'Names in braces are arguments: http://localhost:8000/users/{id}' }),
  title: z.string().max(255).optional(),
  description: z.string().max(LIMITS.templateLength).optional(),
  requestType: z.string().max(20).optional().meta({ description: 'GET, POST (default), PUT, PATCH, DELETE, ...' }),
  inputSchema: Schema.optional(),
  outputSchema: Schema.optional(),
  annotations: Schema.optional(),
  headers: z.record(z.string(), Text).optional().meta({ description: 'Sent with every call' }),
  jsonpathFilter: z.string().max(10_000).optional().meta({ description: 'jq, or JSONPath where it begins with $' }),
  baseUrl: Url.optional().meta({ description: 'Counts more than the beginning of `url`' }),
  pathTemplate: Url.optional().meta({ description: 'Counts more than the path of `url`' }),
  queryMapping: Mapping.optional().meta({ description: 'Names in the query by argument' }),
  headerMapping: Mapping.optional().meta({ description: 'Names of headers by argument' }),
  timeoutMs: z.int().min(1).max(LIMITS.timeoutMs).optional(),
  exposePassthrough: z.boolean().optional().meta({ description: 'false: MCP only, not POST /tools/invoke/{name}' }),
  allowlist: z.array(z.string().max(255)).max(100).optional().meta({ description: 'Hosts that it may reach' }),
};

const HeaderList = z.array(z.strictObject({ key: z.string().min(1).max(256), value: Text })).max(LIMITS.headers);
const AuthType = z.string().max(40).optional().meta({
  description: 'none, basic, bearer, authheaders, query_param, oauth (client credentials)',
});

/** How the gateway proves itself: in one object, or flat. */
export const RestToolAuth = {
  auth: z
    .preprocess(
      camelKeys,
      z.strictObject({
        authType: AuthType,
        authValue: z.string().optional().meta({ description: 'Of ContextForge itself; not taken' }),
        username: Text.optional(),
        password: Text.optional(),
        token: Text.optional(),
        authHeaderKey: Text.optional(),
        authHeaderValue: Text.optional(),
        authHeaders: HeaderList.optional(),
        authQueryParamKey: Text.optional(),
        authQueryParamValue: Text.optional(),
        oauthConfig: OAuthConfig.optional(),
      }),
    )
    .optional(),
  authType: AuthType,
  authUsername: Text.optional(),
  authPassword: Text.optional(),
  authToken: Text.optional(),
  authHeaders: HeaderList.optional(),
  authHeaderKey: Text.optional(),
  authHeaderValue: Text.optional(),
  authQueryParamKey: Text.optional(),
  authQueryParamValue: Text.optional(),
  oauthConfig: OAuthConfig.optional(),
};

/** What answers tell of an endpoint; null for other tools, and for who may not change it. */
export const RestToolRead = {
  url: z.string().nullable(),
  requestType: z.string().nullable(),
  headers: z.record(z.string(), z.string()).nullable(),
  auth: z.unknown().meta({ description: 'Values are masked' }),
  jsonpathFilter: z.string().nullable(),
  baseUrl: z.string().nullable(),
  pathTemplate: z.string().nullable(),
  queryMapping: z.record(z.string(), z.string()).nullable(),
  headerMapping: z.record(z.string(), z.string()).nullable(),
  timeoutMs: z.int().nullable(),
  exposePassthrough: z.boolean().nullable(),
  allowlist: z.array(z.string()).nullable(),
};
