/** @module Tools as answers show them: what is registered, and what is behind it. */
import {
  ForgeError,
  type Named,
  type Principal,
  type Registry,
  type ToolRecord,
  type UpstreamRecord,
} from '@forge/core';
import type { z } from 'zod';
import type { ToolRead } from '../contract/tools.ts';
import type { RestToolAuth, RestTools } from './callbacks.ts';
import { oauthView } from './oauth-config.ts';
import { toolView } from './views.ts';

/** A tool in answers. */
export type ToolView = z.input<typeof ToolRead>;

const INTEGRATIONS = { rest: 'REST', grpc: 'GRPC', a2a: 'A2A' } as const;

/** Shows tools. */
export async function toolViews(
  registry: Registry,
  restTools: RestTools | undefined,
  principal: Principal,
  rows: readonly Named<ToolRecord>[],
): Promise<ToolView[]> {
  const records = new Map<string | undefined, UpstreamRecord | undefined>();
  for (const row of rows) {
    if (!records.has(row.upstreamId)) records.set(row.upstreamId, await upstreamOf(registry, principal, row));
  }
  return rows.map((row) => endpointView(registry, principal, row, records.get(row.upstreamId), restTools));
}

/** The upstream of a tool; what the caller may not see is not there for it. */
export async function upstreamOf(
  { upstreams }: Registry,
  principal: Principal,
  { upstreamId }: ToolRecord,
): Promise<UpstreamRecord | undefined> {
  if (upstreamId === undefined) return undefined;
  try {
    return await upstreams.get(principal, upstreamId);
  } catch (error) {
    if (error instanceof ForgeError && (error.code === 'not_found' || error.code === 'forbidden')) return undefined;
    throw error;
  }
}

/** The credentials as answers show them; sent back unchanged, they say nothing. */
export function authView(auth: RestToolAuth | undefined) {
  switch (auth?.type) {
    case 'headers':
      return { authType: 'authheaders', authHeaders: auth.headers.map(({ name, value }) => ({ key: name, value })) };
    case 'query':
      return { authType: 'query_param', authQueryParamKey: auth.name, authQueryParamValue: auth.value };
    case 'oauth':
      return { authType: 'oauth', oauthConfig: oauthView(auth) };
    default:
      return undefined;
  }
}

function endpointView(
  registry: Registry,
  principal: Principal,
  row: Named<ToolRecord>,
  upstream: UpstreamRecord | undefined,
  restTools: RestTools | undefined,
): ToolView {
  const fields = upstream && restTools?.fieldsOf(upstream, row.originalName);
  const integrationType = INTEGRATIONS[upstream?.transport as keyof typeof INTEGRATIONS] ?? 'MCP';
  // Addresses may hold credentials, whatever they were meant for.
  const ours = <T>(value: T | undefined): T | null => (principal.admin ? (value ?? null) : null);
  return {
    ...toolView(registry, row),
    integrationType,
    requestType: fields?.requestType ?? null,
    url: ours(fields?.url),
    headers: ours(fields?.headers),
    auth: ours(fields && upstream && authView(restTools?.authOf(upstream))),
    jsonpathFilter: ours(fields?.jsonpathFilter),
    baseUrl: ours(fields?.baseUrl),
    pathTemplate: ours(fields?.pathTemplate),
    queryMapping: ours(fields?.queryMapping),
    headerMapping: ours(fields?.headerMapping),
    timeoutMs: ours(fields?.timeoutMs),
    exposePassthrough: ours(fields?.exposePassthrough),
    allowlist: ours(fields?.allowlist && [...fields.allowlist]),
    pluginChainPre: ours(row.pluginChainPre && [...row.pluginChainPre]),
    pluginChainPost: ours(row.pluginChainPost && [...row.pluginChainPost]),
    pluginChainError: ours(registry.plugins.problem(row)),
  };
}
