/** @module Agents: the upstreams that are called as agents, under the paths of ContextForge. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';
import {
  Description,
  Done,
  EntityFields,
  listOf,
  ListQueryFields,
  Moment,
  Name,
  StateBody,
  StateQuery,
  stateOf,
  Tags,
  VisibilityName,
} from './common.ts';
import { CredentialFields } from './gateways.ts';
import { OAuthConfig, OAuthConfigRead } from './oauth-config.ts';
import { AGENT_FOREIGN } from './foreign.ts';
import { operation } from './operation.ts';
import { AgentTotals } from './system.ts';

const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);
/** `0.3.0` -> `0.3`: the third number says nothing about the protocol. */
const shortVersion = (value: unknown): unknown =>
  typeof value === 'string' ? value.replace(/^(\d+\.\d+)\.\d+$/, '$1') : value;
const Secret = z.string().max(LIMITS.headerValueLength);
const Settings = z.record(z.string(), z.unknown());

/** As answers spell them. */
const AgentTypeName = z.enum(['generic', 'a2a', 'jsonrpc', 'rest', 'grpc', 'openai', 'anthropic', 'custom']);
const AgentAuthName = z.enum(['none', 'basic', 'bearer', 'authheaders', 'api_key', 'query_param', 'oauth']);

const AgentType = z.preprocess(lower, AgentTypeName);
const AgentAuthType = z.preprocess(lower, AgentAuthName);

const AgentFields = {
  name: Name,
  description: Description.optional(),
  endpointUrl: z
    .string()
    .max(LIMITS.urlLength)
    .meta({ description: "Where it is called; or, ending in `.json`, the agent's card, which says the rest" }),
  agentType: AgentType.optional().meta({
    description: '`generic` and `jsonrpc`: A2A over JSON-RPC; `rest`, `grpc`: A2A over these; `a2a`: found by its card',
  }),
  protocolVersion: z
    .preprocess(shortVersion, z.enum(['1.0', '0.3']))
    .optional()
    .meta({ description: 'Of A2A' }),
  capabilities: Settings.optional().meta({ description: '`streaming`, for an agent without a card' }),
  config: Settings.optional().meta({ description: 'More of its kind; see docs/a2a.md' }),
  ...CredentialFields,
  authType: AgentAuthType.optional(),
  authValue: Secret.optional().meta({
    description: 'The key, for `api_key`; sent as `X-API-Key` unless `authHeaderKey`',
  }),
  authQueryParamKey: z.string().min(1).max(256).optional(),
  authQueryParamValue: Secret.optional(),
  oauthConfig: OAuthConfig.optional().meta({ description: 'For `oauth`: the client, and its token endpoint' }),
  timeoutMs: z.int().min(1).max(LIMITS.timeoutMs).nullable().optional(),
  tags: Tags.optional(),
  visibility: VisibilityName.optional(),
  enabled: z.boolean().optional(),
};

/** The body of a registration. */
const AgentCreate = z.strictObject(AgentFields).meta({
  id: 'A2AAgentCreate',
  examples: [{ name: 'helper', endpointUrl: 'http://localhost:9001/.well-known/agent-card.json' }],
});

/** The body of a change. `*****` for a secret keeps the stored one. */
export const AgentUpdate = z
  .strictObject({ ...AgentFields, name: Name.optional(), endpointUrl: AgentFields.endpointUrl.optional() })
  .meta({ id: 'A2AAgentUpdate' });

/** An agent in answers. How it is reached is for administrators: other callers get null. */
export const AgentRead = z
  .object({
    ...EntityFields,
    name: z.string(),
    slug: z.string(),
    description: z.string(),
    endpointUrl: z.string().nullable(),
    agentType: AgentTypeName,
    protocolVersion: z.string().nullable(),
    capabilities: Settings,
    config: Settings.nullable(),
    authType: AgentAuthName.nullable(),
    authHeaders: z.array(z.object({ key: z.string(), value: z.string() })).nullable(),
    authQueryParamKey: z.string().nullable(),
    oauthConfig: OAuthConfigRead.nullable().meta({ description: 'The secret is masked' }),
    timeoutMs: z.int().nullable(),
    reachable: z.boolean(),
    lastInteraction: Moment.nullable().meta({ description: 'When it last answered' }),
    tools: z.array(z.string()).meta({ description: 'Its skills, or it as a whole, as tools' }),
    metrics: AgentTotals.nullable().meta({ description: 'Calls and tokens since the start of this process' }),
  })
  .meta({ id: 'A2AAgentRead' });

const invocation = {
  parameters: Settings.default({}).meta({
    description: '`query` (or `text`, `message`), `data`, `files`, `contextId`',
  }),
  interactionType: z.string().max(64).optional().meta({ description: 'Taken, and of no effect' }),
  skill: z.string().max(256).optional().meta({ description: 'Which one, of an agent that has several' }),
};
const Result = z.record(z.string(), z.unknown()).meta({ description: 'The result of `tools/call`' });

/** Of A2A: 1.0 or 0.3. */
const JsonRpc = z.record(z.string(), z.unknown()).meta({
  description: 'JSON-RPC of A2A: `SendMessage`, `SendStreamingMessage`, `GetTask`, ...; `message/send`, ... of 0.3',
});

const tag = 'Agents';

/** Registers an agent. */
export const createAgent = operation({
  id: 'createA2AAgent',
  method: 'post',
  path: '/a2a',
  tag,
  summary: 'Register an agent; its skills become tools',
  access: 'admin',
  body: AgentCreate,
  wrapper: 'agent',
  foreign: AGENT_FOREIGN,
  answer: AgentRead,
  status: 201,
});

/** Lists agents. */
export const listAgents = operation({
  id: 'listA2AAgents',
  method: 'get',
  path: '/a2a',
  tag,
  summary: 'List agents',
  access: 'user',
  query: ListQueryFields,
  answer: listOf('agents', AgentRead),
});

/** Reads an agent. */
export const getAgent = operation({
  id: 'getA2AAgent',
  method: 'get',
  path: '/a2a/{id}',
  tag,
  summary: 'Read an agent, by id or name',
  access: 'user',
  answer: AgentRead,
});

/** Changes an agent. */
export const updateAgent = operation({
  id: 'updateA2AAgent',
  method: 'put',
  path: '/a2a/{id}',
  tag,
  summary: 'Change an agent',
  description: 'What is left out stays. Where the way to reach it changes it is asked anew first.',
  access: 'admin',
  body: AgentUpdate,
  wrapper: 'agent',
  foreign: AGENT_FOREIGN,
  readBack: AgentRead,
  answer: AgentRead,
});

/** Deletes an agent. */
export const deleteAgent = operation({
  id: 'deleteA2AAgent',
  method: 'delete',
  path: '/a2a/{id}',
  tag,
  summary: 'Delete an agent and its tools',
  access: 'admin',
  answer: Done,
});

/** Enables or disables an agent. */
export const setAgentState = operation({
  id: 'setA2AAgentState',
  method: 'post',
  path: '/a2a/{id}/state',
  tag,
  summary: 'Enable or disable an agent',
  access: 'admin',
  query: StateQuery,
  body: StateBody,
  answer: stateOf('agent', AgentRead),
});

/** The older name of {@link setAgentState}. */
export const toggleAgent = operation({ ...setAgentState, id: 'toggleA2AAgent', path: '/a2a/{id}/toggle' });

/** Calls an agent. */
export const invokeAgent = operation({
  id: 'invokeA2AAgent',
  method: 'post',
  path: '/a2a/{name}/invoke',
  tag,
  summary: 'Call an agent, by name or id',
  access: 'user',
  body: z.strictObject(invocation).meta({ id: 'A2AAgentInvocation' }),
  answer: Result,
});

/** Calls an agent that the body names. */
export const invokeAgentById = operation({
  id: 'invokeA2AAgentById',
  method: 'post',
  path: '/a2a/invoke',
  tag,
  summary: 'Call an agent that the body names',
  access: 'user',
  body: z.strictObject({ agentId: z.string().max(256), ...invocation }).meta({ id: 'A2AAgentInvocationById' }),
  answer: Result,
});

/** Calls an agent by A2A itself. */
export const callAgent = operation({
  id: 'callA2AAgent',
  method: 'post',
  path: '/a2a/{name}/jsonrpc',
  tag,
  summary: 'Call an agent by A2A, by name or id',
  description: 'Forge answers as an agent with the same skills; a stream comes as server-sent events.',
  access: 'user',
  rawBody: JsonRpc,
  answer: JsonRpc,
});

/** The card of a virtual server that is published as an agent. */
export const getServerCard = operation({
  id: 'getServerAgentCard',
  method: 'get',
  path: '/servers/{id}/.well-known/agent-card.json',
  tag,
  summary: 'The A2A card of a virtual server with `a2aEnabled`',
  access: 'user',
  answer: z.record(z.string(), z.unknown()).meta({ id: 'AgentCard' }),
});

/** Calls a virtual server as an agent. */
export const callServerAgent = operation({
  id: 'callServerAgent',
  method: 'post',
  path: '/servers/{id}/a2a',
  tag,
  summary: 'Call a virtual server with `a2aEnabled` by A2A',
  access: 'user',
  rawBody: JsonRpc,
  answer: JsonRpc,
});

const rest = {
  path: '/servers/{id}/a2a/{operation+}',
  tag,
  description: '`message:send`, `message:stream`, `tasks`, `tasks/ID`, `tasks/ID:cancel`, ...; errors are those of A2A',
  access: 'user',
  answer: z.record(z.string(), z.unknown()),
} as const;
const restSummary = 'Call a virtual server with `a2aEnabled` by A2A over HTTP+JSON';

/** Calls a virtual server as an agent over HTTP+JSON. */
export const postToServerAgent = operation({
  ...rest,
  id: 'postToServerAgent',
  method: 'post',
  summary: restSummary,
  rawBody: z.record(z.string(), z.unknown()),
});

/** Reads from a virtual server as an agent over HTTP+JSON. */
export const getFromServerAgent = operation({
  ...rest,
  id: 'getFromServerAgent',
  method: 'get',
  summary: restSummary,
});

/** Deletes something that a virtual server as an agent has of its caller. */
export const deleteFromServerAgent = operation({
  ...rest,
  id: 'deleteFromServerAgent',
  method: 'delete',
  summary: restSummary,
});
