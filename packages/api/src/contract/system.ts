/** @module Health, diagnostics, metrics, audit, tokens, import, JSON-RPC: what is not a family of its own. */
import { z } from 'zod';
import { Moment } from './common.ts';
import { operation } from './operation.ts';

const system = 'System';

/** Whether the gateway works, for load balancers. */
export const getHealth = operation({
  id: 'getHealth',
  method: 'get',
  path: '/health',
  tag: system,
  summary: 'Whether it works: 200 or 503',
  access: 'public',
  answer: z.object({ status: z.enum(['healthy', 'unhealthy']) }).meta({ id: 'Health' }),
});

/** Whether each part works. */
export const getReadiness = operation({
  id: 'getReadiness',
  method: 'get',
  path: '/ready',
  tag: system,
  summary: 'Whether each part that it needs works: 200 or 503',
  access: 'public',
  answer: z
    .object({
      status: z.enum(['ready', 'unready']),
      statusItems: z.array(z.object({ name: z.string(), statusCode: z.int(), message: z.string() })),
    })
    .meta({ id: 'Readiness' }),
});

/** Diagnostics. */
export const getVersion = operation({
  id: 'getVersion',
  method: 'get',
  path: '/version',
  tag: system,
  summary: 'Version and diagnostics; no secrets',
  access: 'admin',
  answer: z
    .looseObject({
      timestamp: Moment,
      app: z.object({
        name: z.string(),
        version: z.string(),
        mcpProtocolVersion: z.string().meta({ description: 'The preferred revision of those served' }),
      }),
    })
    .meta({ id: 'Version' }),
});

/** Counters of one kind of call. Times in seconds. */
const Totals = z
  .object({
    totalExecutions: z.int(),
    successfulExecutions: z.int(),
    failedExecutions: z.int(),
    failureRate: z.number(),
    minResponseTime: z.number().nullable(),
    maxResponseTime: z.number().nullable(),
    avgResponseTime: z.number().nullable(),
    lastExecutionTime: Moment.nullable(),
  })
  .meta({ id: 'Totals' });

/** The same of agents, and what models behind them counted. */
export const AgentTotals = Totals.extend({ inputTokens: z.int(), outputTokens: z.int() }).meta({ id: 'AgentTotals' });

/** Counters of events that agents wanted to be told of; `dropped` are those that came faster than they were taken. */
const PushTotals = z.object({ delivered: z.int(), failed: z.int(), dropped: z.int() }).meta({ id: 'PushTotals' });

/** Call counters. */
export const getMetrics = operation({
  id: 'getMetrics',
  method: 'get',
  path: '/metrics',
  tag: system,
  summary: 'Call counters since the start, in seconds',
  access: 'admin',
  answer: z
    .object({
      tools: Totals,
      resources: Totals,
      servers: Totals,
      prompts: Totals,
      a2aAgents: AgentTotals,
      a2aPushNotifications: PushTotals,
    })
    .meta({ id: 'Metrics' }),
});

/** One audited call. */
const AuditEntry = z
  .object({
    id: z.string(),
    at: Moment,
    principal: z.string(),
    method: z.string(),
    target: z.string().nullable(),
    serverId: z.string().nullable(),
    gatewayId: z.string().nullable(),
    outcome: z.enum(['ok', 'tool_error', 'error', 'denied', 'cancelled']),
    errorCode: z.int().nullable(),
    durationMs: z.number(),
  })
  .meta({ id: 'AuditEntry' });

/** Lists audited calls. */
export const listAudit = operation({
  id: 'listAudit',
  method: 'get',
  path: '/audit',
  tag: system,
  summary: 'List calls, newest first',
  access: 'admin',
  query: z.strictObject({
    cursor: z.string().max(4096).optional(),
    limit: z.coerce.number().int().min(1).max(1000).default(100),
  }),
  answer: z.object({ entries: z.array(AuditEntry), nextCursor: z.string().nullable() }),
});

/** Revokes a token. */
export const revokeToken = operation({
  id: 'revokeToken',
  method: 'post',
  path: '/tokens/revoke',
  tag: system,
  summary: 'Refuse a token from now on',
  access: 'admin',
  body: z.strictObject({
    jti: z.string().min(1).max(256),
    expiresAt: z.iso.datetime().optional().meta({ description: 'When it would have expired; default never' }),
  }),
  answer: z.object({ status: z.literal('success'), message: z.string(), jti: z.string() }),
});

/** One server of an import. */
export const ImportResult = z
  .object({
    name: z.string(),
    status: z.enum(['created', 'failed']),
    id: z.string().optional(),
    toolCount: z.int().optional(),
    ignored: z.array(z.string()).optional().meta({ description: 'Keys that mean nothing to a gateway' }),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
  })
  .meta({ id: 'ImportResult' });

/** Registers the servers of a client's configuration. */
export const importServers = operation({
  id: 'importServers',
  method: 'post',
  path: '/import/mcp-servers',
  tag: 'Gateways',
  summary: "Register the servers of a client's configuration file",
  description:
    'Takes `mcpServers` or `servers` as Claude Desktop, Cursor and VS Code write them. One that fails stops no other.',
  access: 'admin',
  rawBody: z.looseObject({ mcpServers: z.record(z.string(), z.looseObject({})).optional() }),
  answer: z.object({ created: z.int(), failed: z.int(), results: z.array(ImportResult) }).meta({ id: 'ImportAnswer' }),
});

/** JSON-RPC over plain HTTP. */
export const callRpc = operation({
  id: 'callRpc',
  method: 'post',
  path: '/rpc',
  tag: 'JSON-RPC',
  summary: 'Any method of MCP as one JSON-RPC request',
  description:
    "A tool's name works as a method. `params.server_id` chooses a virtual server. Errors are JSON-RPC errors.",
  access: 'user',
  rawBody: z.looseObject({
    jsonrpc: z.literal('2.0'),
    id: z.union([z.string(), z.number()]).optional(),
    method: z.string(),
    params: z.looseObject({}).optional(),
  }),
  answer: z.looseObject({ jsonrpc: z.literal('2.0') }),
});
