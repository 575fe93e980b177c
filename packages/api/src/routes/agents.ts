/** @module The routes of agents: upstreams of one kind, under the paths of ContextForge. */
import {
  ForgeError,
  MASK,
  type Named,
  type Principal,
  type Registry,
  type ToolRecord,
  type UpstreamRecord,
} from '@forge/core';
import type { z } from 'zod';
import * as contract from '../contract/agents.ts';
import type { Issue } from '../http/issues.ts';
import { invalidInput, isObject } from '../http/keys.ts';
import { answerList } from '../http/lists.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import { toAgentInput, toAgentPatch, typeOf } from './agent-input.ts';
import type { AgentCallbacks, ApiCallbacks, OAuthCredentials } from './callbacks.ts';
import { oauthView } from './oauth-config.ts';
import { callForResult, jsonResponse } from './rpc-call.ts';
import { isActivating, type StateRequest } from './state.ts';
import { findOfKind, type Kind, listOfKind } from './upstreams-of-kind.ts';
import { entityView, isoOrNull } from './views.ts';

type View = z.input<typeof contract.AgentRead>;
type Invocation = z.output<NonNullable<typeof contract.invokeAgent.body>>;

/** Tools of an agent that are read at once. */
const PAGE = 1000;
const AGENT: Kind = { transport: 'a2a', noun: 'agent' };

/** Serves agents. */
export function agentRoutes(registry: Registry, callbacks: ApiCallbacks): Route[] {
  const { upstreams } = registry;
  const view = async (principal: Principal, row: UpstreamRecord) =>
    agentView(registry, principal, row, await toolsOf(registry, principal, row), callbacks.agents);
  const setState = async ({ principal, params, ...wanted }: StateRequest) => {
    const { id } = await findOfKind(registry, principal, AGENT, params['id'] ?? '');
    const row = await upstreams.setEnabled(principal, id, isActivating(wanted));
    const message = `The agent "${row.name}" is ${row.enabled ? 'active' : 'inactive'}`;
    return { status: 'success' as const, message, agent: await view(principal, row) };
  };
  const invoke = async (request: ApiRequest<unknown, Invocation>, ref: string) => {
    const { principal, body } = request;
    const row = await findOfKind(registry, principal, AGENT, ref);
    const tool = chosenTool(row, await toolsOf(registry, principal, row), body);
    const name = callbacks.nameOf(principal, 'tools', tool.id);
    if (name === undefined) throw new ForgeError('not_found', `The agent "${row.name}" cannot be called at the moment`);
    const params = { name: JSON.stringify(name), arguments: JSON.stringify(argumentsOf(body)) };
    return jsonResponse(await callForResult(callbacks, request, 'tools/call', params));
  };
  const restOf = (method: string) => async (request: ApiRequest) => {
    const { id = '', operation: path = '' } = request.params;
    const body = method === 'POST' ? await request.json() : undefined;
    const asked = { method, path, query: request.url.searchParams, body };
    return callbacks.agents.rest(request.principal, id, asked, request);
  };

  return [
    route(contract.createAgent, async ({ principal, body }) => {
      const row = await asAgent(() => upstreams.create(principal, toAgentInput(body)));
      await nameAgentTool(registry, principal, row);
      return view(principal, row);
    }),
    route(contract.listAgents, (request) =>
      answerList(
        request,
        'agents',
        (query) => listOfKind(registry, request.principal, AGENT, query),
        (rows) => Promise.all(rows.map((row) => view(request.principal, row))),
      ),
    ),
    route(contract.getAgent, async ({ principal, params }) =>
      view(principal, await findOfKind(registry, principal, AGENT, params['id'] ?? '')),
    ),
    route(contract.updateAgent, async ({ principal, params, body }) => {
      const { id, config = '{}', url = '' } = await findOfKind(registry, principal, AGENT, params['id'] ?? '');
      const patch = toAgentPatch(body, JSON.parse(config) as Record<string, unknown>, url);
      const row = await asAgent(() => upstreams.update(principal, id, patch));
      await nameAgentTool(registry, principal, row);
      return view(principal, row);
    }),
    route(contract.deleteAgent, async ({ principal, params }) => {
      const { id, name } = await findOfKind(registry, principal, AGENT, params['id'] ?? '');
      await upstreams.delete(principal, id);
      return { status: 'success', message: `The agent "${name}" is deleted` };
    }),
    route(contract.setAgentState, setState),
    route(contract.toggleAgent, setState),
    route(contract.callAgent, async (request) => {
      const { id: upstreamId } = await findOfKind(registry, request.principal, AGENT, request.params['name'] ?? '');
      return callbacks.agents.rpc(request.principal, { upstreamId }, await request.json(), request);
    }),
    route(contract.getServerCard, ({ principal, params, origin }) =>
      callbacks.agents.card(principal, params['id'] ?? '', origin),
    ),
    route(contract.callServerAgent, async (request) =>
      callbacks.agents.rpc(request.principal, { serverId: request.params['id'] ?? '' }, await request.json(), request),
    ),
    route(contract.postToServerAgent, restOf('POST')),
    route(contract.getFromServerAgent, restOf('GET')),
    route(contract.deleteFromServerAgent, restOf('DELETE')),
    route(contract.invokeAgentById, (request) => invoke(request, request.body.agentId)),
    route(contract.invokeAgent, (request) => invoke(request, request.params['name'] ?? '')),
  ];
}

/** Does something with the upstream; its address has another name here. @throws ForgeError `validation_failed` */
async function asAgent<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const issues = error instanceof ForgeError && error.code === 'validation_failed' ? error.data?.['issues'] : [];
    const [first, ...others] = (Array.isArray(issues) ? issues : []) as Issue[];
    if (first?.field !== 'url' || others.length > 0) throw error;
    throw invalidInput([{ ...first, field: 'endpointUrl' }]);
  }
}

async function toolsOf(
  { tools }: Registry,
  principal: Principal,
  { id }: UpstreamRecord,
): Promise<readonly Named<ToolRecord>[]> {
  const { items } = await tools.list(principal, { limit: PAGE, upstreamId: id });
  return items.toSorted((a, b) => a.position - b.position);
}

/** The tool of a whole agent is called as in ContextForge, wherever it stands, unless that name has gone to another. */
async function nameAgentTool(registry: Registry, principal: Principal, row: UpstreamRecord): Promise<void> {
  const name = `a2a_${row.slug}`;
  const tool = (await toolsOf(registry, principal, row)).find(({ originalName }) => originalName === name);
  if (tool === undefined || tool.customName !== undefined) return;
  try {
    await registry.tools.update(principal, tool.id, { customName: name });
  } catch (error) {
    if (ForgeError.from(error).code !== 'conflict') throw error;
  }
}

function chosenTool({ name }: UpstreamRecord, tools: readonly Named<ToolRecord>[], { skill, parameters }: Invocation) {
  const wanted = skill ?? parameters['skill'];
  const [only, ...others] = tools.filter(({ originalName }) => wanted === undefined || originalName === wanted);
  if (only !== undefined && others.length === 0) return only;
  const names = tools.map(({ originalName }) => originalName).join(', ');
  throw invalidInput([{ field: 'skill', message: `the agent "${name}" has these: ${names.slice(0, 1000) || 'none'}` }]);
}

/** The words under any of the names that ContextForge takes them by, or of a message of A2A. */
function argumentsOf({ parameters }: Invocation): Record<string, unknown> {
  const { query, text, message, params, skill: _, ...given } = parameters;
  const sent = isObject(params) && isObject(params['message']) ? params['message'] : message;
  const words = [query, text, message, params].find((value) => typeof value === 'string') ?? wordsOf(sent);
  // A whole request of A2A: what is around the message is Forge's to say.
  const { method: _method, jsonrpc: _jsonrpc, id: _id, ...other } = given;
  const rest = isObject(params) && isObject(params['message']) ? other : given;
  return { ...rest, ...(words !== undefined && { query: words }) };
}

function wordsOf(message: unknown): string | undefined {
  const parts: unknown = isObject(message) ? message['parts'] : undefined;
  if (!Array.isArray(parts)) return undefined;
  return parts
    .flatMap((part: unknown) => (isObject(part) && typeof part['text'] === 'string' ? [part['text']] : []))
    .join('\n');
}

function agentView(
  { upstreams }: Registry,
  principal: Principal,
  row: UpstreamRecord,
  tools: readonly Named<ToolRecord>[],
  agents: Pick<AgentCallbacks, 'metrics'>,
): View {
  const status = upstreams.status(row.id);
  const config = JSON.parse(row.config ?? '{}') as Record<string, unknown>;
  const endpoint = (config['endpoint'] ?? {}) as { protocolVersion?: string; streaming?: boolean };
  const [queryKey] = Object.keys(config['query'] ?? {});
  const oauth = config['oauth'] as OAuthCredentials | undefined;
  // Addresses may hold credentials, whatever they were meant for.
  const ours = <T>(value: T | undefined): T | null => (principal.admin ? (value ?? null) : null);
  return {
    ...entityView(row),
    name: row.name,
    slug: row.slug,
    description: row.description,
    endpointUrl: ours(row.url),
    agentType: typeOf(config) ?? 'a2a',
    protocolVersion: endpoint.protocolVersion ?? null,
    capabilities: endpoint.streaming === undefined ? {} : { streaming: endpoint.streaming },
    config: ours(config),
    authType: ours(authTypeOf(row, config)),
    authHeaders: ours(row.headers.map(({ name, value }) => ({ key: name, value }))),
    authQueryParamKey: ours(queryKey),
    oauthConfig: ours(oauth && oauthView({ ...oauth, clientSecret: MASK })),
    timeoutMs: row.timeoutMs ?? null,
    reachable: status.state === 'connected',
    lastInteraction: isoOrNull(status.lastSeen),
    tools: tools.map(({ name }) => name),
    metrics: principal.admin
      ? agents.metrics(
          row.id,
          tools.map(({ id }) => id),
        )
      : null,
  };
}

function authTypeOf({ headers }: UpstreamRecord, { query, oauth }: Readonly<Record<string, unknown>>) {
  if (oauth !== undefined) return 'oauth';
  if (Object.keys(query ?? {}).length > 0) return 'query_param';
  return headers.length === 0 ? 'none' : 'authheaders';
}
