/** @module What a body says about an agent, in the registry's terms. */
import type { UpstreamInput, UpstreamPatch } from '@forge/core';
import type { z } from 'zod';
import type { AgentUpdate } from '../contract/agents.ts';
import { invalidInput } from '../http/keys.ts';
import { toHeaders } from './gateway-input.ts';

type Fields = z.output<typeof AgentUpdate>;
type Settings = Readonly<Record<string, unknown>>;

/** How the secret is called that goes into the query. */
const QUERY_SECRET = 'auth_query_param';

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
  const { query, secrets } = queryOf(body, current);
  return {
    name,
    url: endpointUrl,
    description,
    transport: 'a2a',
    headers: toHeaders(credentialsOf(body)),
    config: JSON.stringify({ ...configOf(body, current, endpointUrl ?? currentUrl), query }),
    secrets,
    timeoutMs,
    tags,
    visibility,
    enabled,
  };
}

/** A key that goes into the query. Another kind of credential takes its place. */
function queryOf(
  { authType, authQueryParamKey: key, authQueryParamValue: value, config }: Fields,
  current: Settings,
): { query: unknown; secrets: UpstreamPatch['secrets'] } {
  const query = config?.['query'] ?? current['query'];
  if (authType !== 'query_param')
    return authType === undefined ? { query, secrets: undefined } : { query: undefined, secrets: null };
  if (key === undefined) throw missing('authQueryParamKey');
  const isKept = value === undefined && Object.hasOwn(current['query'] ?? {}, key);
  if (value === undefined && !isKept) throw missing('authQueryParamValue');
  return { query: { [key]: QUERY_SECRET }, secrets: value === undefined ? undefined : { [QUERY_SECRET]: value } };
}

function missing(field: string): Error {
  return invalidInput([{ field, message: 'is missing for this authType' }]);
}

/** A key is a header like any other. */
function credentialsOf({ authType, authValue, ...body }: Fields): Parameters<typeof toHeaders>[0] {
  if (authType === 'query_param') return { ...body, authType: undefined };
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
