/** @module Gateways: the upstreams that serve MCP. */
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
import { GATEWAY_FOREIGN } from './foreign.ts';
import { operation } from './operation.ts';

const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

function transportName(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const name = value.toUpperCase().replaceAll(/[-_ ]/g, '');
  if (name === 'WS') return 'WEBSOCKET';
  return name === 'HTTP' ? 'STREAMABLEHTTP' : name;
}

/** As answers spell them. */
const TransportName = z.enum(['SSE', 'STREAMABLEHTTP', 'WEBSOCKET', 'STDIO', 'INPROCESS', 'REST', 'GRPC', 'A2A']);

/** The names in any case; also `http`, `streamable-http`, `ws`. */
export const Transport = z.preprocess(transportName, TransportName);

const AuthType = z.preprocess(lower, z.enum(['none', 'basic', 'bearer', 'authheaders']));
const Secret = z.string().max(LIMITS.headerValueLength);
const HeaderName = z.string().min(1).max(LIMITS.headerNameLength);

/** Credentials, and the headers that they become. */
export const CredentialFields = {
  headers: z.record(z.string(), Secret).optional().meta({ description: 'Sent with every request' }),
  authType: AuthType.optional(),
  authUsername: Secret.optional(),
  authPassword: Secret.optional(),
  authToken: Secret.optional(),
  authHeaderKey: HeaderName.optional(),
  authHeaderValue: Secret.optional(),
  authHeaders: z
    .array(z.strictObject({ key: HeaderName, value: Secret }))
    .max(LIMITS.headers)
    .optional(),
};

/** What can be said about a gateway. */
const GatewayFields = {
  name: Name,
  url: z.string().max(LIMITS.urlLength).optional(),
  description: Description.optional(),
  transport: Transport.optional().meta({ description: 'Found by the URL or the command when it is left out' }),
  command: z.string().max(LIMITS.argLength).optional().meta({ description: 'Launched without a shell' }),
  args: z.array(z.string().max(LIMITS.argLength)).max(LIMITS.args).optional(),
  env: z.record(z.string(), Secret).optional(),
  cwd: z.string().max(LIMITS.argLength).optional(),
  ...CredentialFields,
  config: z
    .record(z.string(), z.unknown())
    .nullable()
    .optional()
    .meta({ description: 'What only upstreams of this transport have; see its documentation' }),
  secrets: z
    .record(z.string(), z.string().max(LIMITS.secretLength))
    .nullable()
    .optional()
    .meta({ description: 'Secrets that `config` speaks of by name' }),
  era: z.preprocess(lower, z.enum(['auto', 'modern', 'legacy'])).optional(),
  timeoutMs: z.int().min(1).max(LIMITS.timeoutMs).nullable().optional(),
  tags: Tags.optional(),
  visibility: VisibilityName.optional(),
  enabled: z.boolean().optional().meta({ description: 'false: registered without being connected' }),
};

/** The body of a registration. */
export const GatewayCreate = z.strictObject(GatewayFields).meta({
  id: 'GatewayCreate',
  examples: [{ name: 'git', url: 'http://localhost:9000/mcp' }],
});

/** The body of a change. `*****` for a secret keeps the stored one. */
export const GatewayUpdate = z.strictObject({ ...GatewayFields, name: Name.optional() }).meta({ id: 'GatewayUpdate' });

/** How a gateway is at the moment, as seen by the replica that answers. */
const GatewayStatus = z
  .object({
    state: z.enum(['pending', 'connected', 'unreachable', 'disabled']),
    since: Moment.nullable(),
    era: z.enum(['modern', 'legacy']).nullable(),
    protocolVersion: z.string().nullable(),
    transport: z.string().nullable().meta({ description: 'The transport that worked' }),
    reason: z.string().nullable().meta({ description: 'Why this era and revision' }),
    detectedAt: Moment.nullable().meta({ description: 'When they were found, or last found to be the same' }),
    lastSeen: Moment.nullable(),
    lastError: z
      .object({
        code: z.string(),
        message: z.string().optional().meta({ description: 'For administrators' }),
        failures: z.int(),
        nextAttemptAt: Moment.nullable(),
      })
      .nullable(),
    serverInfo: z.unknown(),
    instructions: z.string().nullable(),
  })
  .meta({ id: 'GatewayStatus' });

/** A gateway in answers. How it is reached is for administrators: other callers get null. */
export const GatewayRead = z
  .object({
    ...EntityFields,
    name: z.string(),
    slug: z.string().meta({ description: 'The prefix of its names in aggregates' }),
    description: z.string(),
    transport: TransportName,
    url: z.string().nullable(),
    command: z.string().nullable(),
    args: z.array(z.string()).nullable(),
    env: z.record(z.string(), z.string()).nullable().meta({ description: 'Values are masked' }),
    cwd: z.string().nullable(),
    authType: z.enum(['none', 'authheaders']).nullable(),
    authHeaders: z.array(z.object({ key: z.string(), value: z.string() })).nullable(),
    config: z.record(z.string(), z.unknown()).nullable(),
    secrets: z.record(z.string(), z.string()).nullable().meta({ description: 'Values are masked' }),
    era: z.enum(['auto', 'modern', 'legacy']),
    timeoutMs: z.int().nullable(),
    reachable: z.boolean(),
    lastSeen: Moment.nullable(),
    capabilities: z.unknown(),
    status: GatewayStatus,
    toolCount: z.int(),
    resourceCount: z.int(),
    promptCount: z.int(),
    lastRefreshAt: Moment.nullable(),
    skippedTools: z.array(z.string()).meta({ description: 'Items of its lists that cannot be offered, and why' }),
  })
  .meta({ id: 'GatewayRead' });

/** What a refresh did. */
export const RefreshAnswer = z
  .object({
    gatewayId: z.string(),
    success: z.literal(true),
    toolsAdded: z.int(),
    toolsUpdated: z.int(),
    toolsRemoved: z.int(),
    resourcesAdded: z.int(),
    resourcesUpdated: z.int(),
    resourcesRemoved: z.int(),
    promptsAdded: z.int(),
    promptsUpdated: z.int(),
    promptsRemoved: z.int(),
    validationErrors: z.array(z.string()),
    durationMs: z.number(),
    refreshedAt: Moment,
  })
  .meta({ id: 'RefreshAnswer' });

const tag = 'Gateways';

/** Registers a gateway. */
export const createGateway = operation({
  id: 'createGateway',
  method: 'post',
  path: '/gateways',
  tag,
  summary: 'Register an MCP server',
  description: 'It is connected at once and its lists are read; 502 when it cannot be reached, and nothing is kept.',
  access: 'admin',
  body: GatewayCreate,
  wrapper: 'gateway',
  foreign: GATEWAY_FOREIGN,
  answer: GatewayRead,
  status: 201,
});

/** Lists gateways. */
export const listGateways = operation({
  id: 'listGateways',
  method: 'get',
  path: '/gateways',
  tag,
  summary: 'List gateways',
  access: 'user',
  query: ListQueryFields,
  answer: listOf('gateways', GatewayRead),
});

/** Reads a gateway. */
export const getGateway = operation({
  id: 'getGateway',
  method: 'get',
  path: '/gateways/{id}',
  tag,
  summary: 'Read a gateway and its status',
  access: 'user',
  answer: GatewayRead,
});

/** Changes a gateway. */
export const updateGateway = operation({
  id: 'updateGateway',
  method: 'put',
  path: '/gateways/{id}',
  tag,
  summary: 'Change a gateway',
  description: 'What is left out stays. Where the way to reach it changes it is connected anew first.',
  access: 'admin',
  body: GatewayUpdate,
  wrapper: 'gateway',
  foreign: GATEWAY_FOREIGN,
  readBack: GatewayRead,
  answer: GatewayRead,
});

/** Deletes a gateway. */
export const deleteGateway = operation({
  id: 'deleteGateway',
  method: 'delete',
  path: '/gateways/{id}',
  tag,
  summary: 'Delete a gateway and its items',
  access: 'admin',
  answer: Done,
});

const stateAnswer = stateOf('gateway', GatewayRead);

/** Enables or disables a gateway. */
export const setGatewayState = operation({
  id: 'setGatewayState',
  method: 'post',
  path: '/gateways/{id}/state',
  tag,
  summary: 'Enable or disable a gateway',
  access: 'admin',
  query: StateQuery,
  body: StateBody,
  answer: stateAnswer,
});

/** The older name of {@link setGatewayState}. */
export const toggleGateway = operation({ ...setGatewayState, id: 'toggleGateway', path: '/gateways/{id}/toggle' });

/** Reads a gateway's lists anew. */
export const refreshGateway = operation({
  id: 'refreshGateway',
  method: 'post',
  path: '/gateways/{id}/refresh',
  tag,
  summary: "Read a gateway's lists anew",
  description: 'Callers at the same time share one refresh. What stays keeps its id and its settings.',
  access: 'admin',
  answer: RefreshAnswer,
});

/** The older name of {@link refreshGateway}. */
export const refreshGatewayTools = operation({
  ...refreshGateway,
  id: 'refreshGatewayTools',
  path: '/gateways/{id}/tools/refresh',
});
