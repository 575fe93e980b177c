/** @module What a body says about an agent, in the registry's terms. */
import type { UpstreamInput, UpstreamPatch } from '@forge/core';
import type { z } from 'zod';
import type { AgentUpdate } from '../contract/agents.ts';
import { invalidInput } from '../http/keys.ts';
import { toHeaders } from './gateway-input.ts';
import { toCredentials } from './oauth-config.ts';

type Fields = z.output<typeof AgentUpdate>;
type Settings = Readonly<Record<string, unknown>>;

/** How the secrets are called. */
const QUERY_SECRET = 'auth_query_param';
const OAUTH_SECRET = 'auth_oauth_client';

/** Types of agents that A2A is spoken with, by hand, and its bindings. */
export const BINDINGS: Readonly<Record<string, string>> = { jsonrpc: 'JSONRPC', rest: 'HTTP+JSON', grpc: 'GRPC' };

/** A registration. @throws ForgeError `validation_failed` */
export function toAgentInput(body: Fields & { readonly name: string; readonly endpointUrl: string }): UpstreamInput {
  const { secrets, ...fields } = toAgentPatch(body, {}, body.endpointUrl);
  return { ...fields, secrets: secrets ?? undefined, name: body.name } as UpstreamInput;
}

/** A change of an agent with this config and address. @throws ForgeError `validation_failed` */
export function toAgentPatch(body: Fields, current: Settings, currentUrl: string): UpstreamPatch {
  const { name, description, endpointUrl, timeoutMs, tags, visibility, enabled } = body;
  const { query, oauth, secrets } = sealedOf(body, current);
  return {
    name,
    url: endpointUrl,
    description,
    transport: 'a2a',
    headers: toHeaders(credentialsOf(body)),
    config: JSON.stringify({ ...configOf(body, current, endpointUrl ?? currentUrl), query, oauth }),
    secrets,
    timeoutMs,
    tags,
    visibility,
    enabled,
  };
}

/** Credentials that the adapter itself has to do with. */
interface Sealed {
  readonly query?: unknown;
  readonly oauth?: unknown;
  /** Absent: as they are; `null`: none. */
  readonly secrets?: UpstreamPatch['secrets'];
}

/** A key that goes into the query, or a client of OAuth. Another kind of credential takes their place. */
function sealedOf(body: Fields, current: Settings): Sealed {
  const { authType, config } = body;
  switch (authType ?? (body.oauthConfig && 'oauth')) {
    case undefined:
      return { query: config?.['query'] ?? current['query'], oauth: config?.['oauth'] ?? current['oauth'] };
    case 'query_param':
      return queryOf(body, current);
    case 'oauth':
      return oauthOf(body, current);
    default:
      return { secrets: null };
  }
}

function queryOf({ authQueryParamKey: key, authQueryParamValue: value }: Fields, current: Settings): Sealed {
  if (key === undefined) throw missing('authQueryParamKey');
  const isKept = value === undefined && Object.hasOwn(current['query'] ?? {}, key);
  if (value === undefined && !isKept) throw missing('authQueryParamValue');
  return { query: { [key]: QUERY_SECRET }, secrets: value === undefined ? undefined : { [QUERY_SECRET]: value } };
}

function oauthOf({ oauthConfig }: Fields, current: Settings): Sealed {
  if (oauthConfig === undefined && current['oauth'] !== undefined) return { oauth: current['oauth'] };
  if (oauthConfig === undefined) throw missing('oauthConfig');
  const { clientSecret, ...oauth } = toCredentials(oauthConfig);
  return { oauth: { ...oauth, clientSecret: OAUTH_SECRET }, secrets: { [OAUTH_SECRET]: clientSecret } };
}

function missing(field: string): Error {
  return invalidInput([{ field, message: 'is missing for this authType' }]);
}

/** A key is a header like any other. What is sealed apart is none, and stands in for `Authorization`. */
function credentialsOf({ authType, authValue, ...body }: Fields): Parameters<typeof toHeaders>[0] {
  if (authType === 'query_param' || authType === 'oauth' || (authType === undefined && body.oauthConfig)) {
    const others = body.authHeaders?.filter(({ key }) => key.toLowerCase() !== 'authorization');
    return { headers: body.headers, authType: 'authheaders', authHeaders: others ?? [] };
  }
  if (authType !== 'api_key') return { ...body, authType };
  const value = authValue ?? body.authToken ?? body.authHeaderValue;
  if (value === undefined) throw missing('authValue');
  return {
    headers: body.headers,
    authType: 'authheaders',
    authHeaderKey: body.authHeaderKey ?? 'X-API-Key',
    authHeaderValue: value,
  };
}

/** An agent without a card is described by what the body says, or said when it was registered. */
function configOf(
  { agentType, protocolVersion, capabilities, config }: Fields,
  current: Settings,
  url: string,
): Settings {
  const type = agentType ?? typeOf(current) ?? 'generic';
  const kept = agentType === undefined || agentType === typeOf(current) ? current : {};
  if (['openai', 'anthropic', 'custom'].includes(type)) return { ...kept, ...config, agentType: type };
  const byCard = type === 'a2a' || (type === 'generic' && new URL(url, 'http://unknown').pathname.endsWith('.json'));
  if (byCard) return { ...kept, agentType: 'a2a', endpoint: undefined, ...config };
  const endpoint = {
    binding: BINDINGS[type] ?? 'JSONRPC',
    ...(kept['endpoint'] as Settings | undefined),
    ...(protocolVersion !== undefined && { protocolVersion }),
    ...(capabilities !== undefined && { streaming: capabilities['streaming'] === true }),
    ...(config?.['endpoint'] as Settings | undefined),
  };
  return { ...kept, ...config, endpoint };
}

/** What a stored config makes of an agent; `undefined` where there is none yet. */
export function typeOf(config: Settings): Fields['agentType'] {
  const { binding } = (config['endpoint'] ?? {}) as { binding?: string };
  const found = Object.entries(BINDINGS).find(([, name]) => name === binding);
  return (found?.[0] ?? config['agentType']) as Fields['agentType'];
}
