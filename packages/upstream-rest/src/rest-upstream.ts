/** @module A REST API as an upstream: its operations are its tools. */
import type { UpstreamRecord } from '@forge/core';
import { createOutgoing, createTokenSource, type TokenSource } from '@forge/outgoing';
import {
  createDeadlines,
  type Deadlines,
  errorOutcome,
  type Exchange,
  type ExchangeRequest,
  ForgeError,
  JsonText,
  LATEST_MODERN,
  type Outcome,
  resultOutcome,
  type Upstream,
  type UpstreamEvents,
  type UpstreamInfo,
} from '@forge/protocol';
import type { RestConfig, RestOperation } from './config/operation.ts';
import type { Filters } from './filter/filter.ts';
import { Breaker, type BreakerOptions } from './sending/breaker.ts';
import { createRedaction } from './sending/credentials.ts';
import { RestCall } from './sending/rest-call.ts';
import { inputSchemaOf } from './request/input-schema.ts';
import { compileTool, type RestTool, type ToolParts } from './tool.ts';

/** Options of {@link restUpstream}. */
export interface RestUpstreamOptions {
  /** With its secrets unsealed; its `config` has been checked. */
  readonly record: UpstreamRecord;
  readonly config: RestConfig;
  readonly events: UpstreamEvents;
  /** Shared by upstreams; closed by who made them. */
  readonly filters: Filters;
  /** Whether a name, or an address that it leads to, must not be called. */
  refuses(host: string): boolean;
  /** Milliseconds that a call may take with all attempts. @default 60000 */
  readonly timeoutMs?: number | undefined;
  /** Repetitions of a call that may be repeated. @default 3 */
  readonly maxRetries?: number | undefined;
  /** Bytes of an answer that become a result. @default 1000000 */
  readonly maxAnswerBytes?: number | undefined;
  readonly breaker?: BreakerOptions | undefined;
  /** @default 'forge' */
  readonly userAgent?: string | undefined;
}

/** Calls under way at most. */
const MAX_CALLS = 2048;

/** An upstream. Nothing is connected before the first call. */
export function restUpstream(options: RestUpstreamOptions): Upstream {
  const { record, config, events, filters, refuses, timeoutMs = 60_000 } = options;
  const base = new URL(record.url ?? '');
  const outgoing = createOutgoing({ origin: base.origin, refuses });
  const breaker = new Breaker(options.breaker);
  const sources = tokenSources(record, config, refuses);
  const parts: ToolParts = {
    record,
    config,
    base,
    outgoing,
    breaker,
    filters,
    sources,
    redact: createRedaction(record, sources.values()),
    timeoutMs: record.timeoutMs ?? timeoutMs,
    maxRetries: options.maxRetries ?? 3,
    maxAnswerBytes: options.maxAnswerBytes ?? 1_000_000,
    userAgent: options.userAgent ?? 'forge',
    onOpened: (why) => events.lost(new ForgeError('upstream_unreachable', why)),
  };
  const info = describe(record, config);
  const operations = new Map(config.operations.map((operation) => [operation.name, operation]));
  const tools = new Map<string, RestTool>();
  /** By their length, so that calls need no timers of their own. */
  const deadlines = new Map<number, Deadlines<RestCall>>();
  let running = 0;
  let closed = false;

  function toolOf(name: string): RestTool {
    const known = tools.get(name);
    if (known !== undefined) return known;
    const operation = operations.get(name);
    if (operation === undefined) throw new ForgeError('invalid_params', `Unknown tool: ${name.slice(0, 256)}`);
    const tool = compileTool(operation, parts);
    tools.set(name, tool);
    return tool;
  }

  function deadlinesOf(ms: number): Deadlines<RestCall> {
    const known = deadlines.get(ms);
    if (known !== undefined) return known;
    const error = (): ForgeError =>
      new ForgeError('upstream_timeout', `The upstream did not answer within ${ms} ms, all attempts together`);
    const made = createDeadlines<RestCall>(ms, (call) => call.end(error()));
    deadlines.set(ms, made);
    return made;
  }

  async function callTool(request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    if (closed) throw new ForgeError('cancelled', 'The upstream has been closed');
    if (running >= MAX_CALLS) throw new ForgeError('overloaded', 'Too many calls of this upstream', { retryAfter: 1 });
    const tool = toolOf(request.target ?? '');
    const call = new RestCall(tool.plan);
    const timed = deadlinesOf(tool.plan.timeoutMs);
    running += 1;
    timed.start(call);
    exchange.onCancel(() => call.end(new ForgeError('cancelled')));
    try {
      return await tool.run(call, request);
    } finally {
      timed.stop(call);
      running -= 1;
    }
  }

  return {
    connect() {
      const { refusal } = breaker;
      return refusal === undefined ? Promise.resolve(info) : Promise.reject(refusal);
    },
    call(request, exchange) {
      switch (request.method) {
        case 'tools/call':
          return callTool(request, exchange).catch(errorOutcome);
        case 'tools/list':
          return Promise.resolve(resultOutcome(listOf(config)));
        default:
          return Promise.resolve(
            errorOutcome(new ForgeError('method_not_found', `Method not found: ${request.method.slice(0, 128)}`)),
          );
      }
    },
    watch() {},
    sessionEnded() {},
    async close() {
      closed = true;
      for (const { items } of deadlines.values()) for (const call of items) call.end(new ForgeError('cancelled'));
      await Promise.all([outgoing.close(), ...[...sources.values()].map((source) => source.close())]);
    },
  };
}

function tokenSources(
  { secrets = {} }: UpstreamRecord,
  { credentials = {} }: RestConfig,
  refuses: (host: string) => boolean,
): ReadonlyMap<string, TokenSource> {
  return new Map(
    Object.entries(credentials).flatMap(([name, credential]) => {
      if (credential.type !== 'oauth2') return [];
      const clientSecret = secrets[credential.clientSecret] ?? '';
      return [[name, createTokenSource({ credential, clientSecret, refuses })] as const];
    }),
  );
}

function describe({ name }: UpstreamRecord, { operations, instructions }: RestConfig): UpstreamInfo {
  return {
    era: 'modern',
    protocolVersion: LATEST_MODERN,
    description: {
      serverInfo: JsonText.of({ name, version: '1' }),
      capabilities: JsonText.of({ tools: {} }),
      instructions,
      ttlMs: 0,
      cacheScope: 'private',
    },
    transport: 'rest',
    reason: `It is a REST API; its configuration has ${operations.length} operations`,
  };
}

function listOf({ operations }: RestConfig): JsonText {
  return JsonText.of({
    resultType: 'complete',
    tools: operations.map(toolDefinition),
    ttlMs: 0,
    cacheScope: 'private',
  });
}

/** What callers see of an operation. */
function toolDefinition(operation: RestOperation) {
  const { name, title, description, outputSchema, annotations, exposePassthrough = true } = operation;
  const inputSchema = inputSchemaOf(operation);
  const meta = exposePassthrough ? {} : { _meta: { [NO_PASSTHROUGH]: true } };
  return { name, title, description, inputSchema, outputSchema, annotations, ...meta };
}

/** In the `_meta` of a tool's definition: it is called by MCP only. */
export const NO_PASSTHROUGH = 'forge/mcpOnly';
