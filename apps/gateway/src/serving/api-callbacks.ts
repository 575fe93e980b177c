/** @module What the REST API needs from the gateway: calls, health, numbers. */
import { hostname } from 'node:os';
import type { AgentCallbacks, ApiCallbacks, HealthItem } from '@forge/api';
import { type Forge, ForgeError, type Metrics, type Principal, type Store } from '@forge/core';
import type { Endpoint, HttpEdge } from '@forge/protocol';
import {
  authOfTool,
  createFilters,
  fieldsOfTool,
  filterOf,
  isSingleTool,
  NO_PASSTHROUGH,
  toSingleToolUpstream,
} from '@forge/upstream-rest';
import type { ImportRequest } from '@forge/upstream-rest/openapi';
import { type AgentCounts } from './agent-counts.ts';
import type { PushCounts } from './push-outcomes.ts';
import { totals } from './call-totals.ts';
import { serveRpc } from './rpc.ts';

/** What the callbacks look at. */
export interface CallbackParts {
  readonly forge: Forge;
  readonly store: Store;
  readonly metrics: Metrics;
  readonly counts: AgentCounts;
  readonly pushCounts: PushCounts;
  readonly edge: HttpEdge;
  readonly agents: AgentCallbacks;
  /** Where the database is; without a password. */
  readonly database: string;
  readonly pluginsEnabled: boolean;
  /** Reads the text at a URL; see `readDocument`. */
  readonly readDocument: (url: string) => Promise<string>;
  /** Aborts calls that outlast a shutdown; its reason answers them. */
  readonly closing: AbortSignal;
  /** The endpoint that a principal may use, if there is one. @throws ForgeError `forbidden` */
  readonly endpoint: (serverId: string | undefined, principal: Principal) => Endpoint | undefined;
}

const PING_MS = 2000;

/** Makes the callbacks. */
export function createApiCallbacks(parts: CallbackParts): ApiCallbacks {
  const {
    forge,
    store,
    metrics,
    counts,
    pushCounts,
    edge,
    agents,
    closing,
    database,
    endpoint,
    readDocument,
    pluginsEnabled,
  } = parts;
  const { catalog, pool } = forge;
  // Apart from those of calls, which must not wait for it; its thread keeps no process alive.
  const filters = createFilters({ threads: 1 });
  return {
    agents,
    pluginsEnabled,
    async rpc(principal, serverId, message, options) {
      const found = endpoint(serverId, principal);
      if (found === undefined) throw new ForgeError('not_found', 'There is no such virtual server');
      return serveRpc(found, message, { principal, closing, ...options });
    },
    hasTool: (principal, serverId, name) => catalog.view(serverId, principal)?.tools.has(name) ?? false,
    isExposed(principal, serverId, name) {
      const definition = catalog.view(serverId, principal)?.tools.get(name)?.record.definition ?? '';
      return !definition.includes(NO_PASSTHROUGH) || !isMcpOnly(definition);
    },
    restTools: {
      toUpstream: toSingleToolUpstream,
      isSingle: isSingleTool,
      fieldsOf: (record, name) => (record.transport === 'rest' ? fieldsOfTool(record, name) : undefined),
      filterProblem: (expression) => filters.problem(filterOf(expression.trim())),
      authOf: (record) => (isSingleTool(record) ? authOfTool(record) : undefined),
    },
    nameOf(principal, kind, itemId) {
      const routes = catalog.view(undefined, principal)?.[kind] ?? [];
      for (const [name, route] of routes) if (route.itemId === itemId) return name;
      return undefined;
    },
    importOpenApi: async (request) => {
      const { importDocument } = await import('@forge/upstream-rest/openapi'); // seldom wanted, and large
      return importDocument(request as ImportRequest, { load: readDocument });
    },
    health: async () => [await databaseHealth(store)],
    metrics: () => ({
      tools: totals(metrics.byMethod().get('tools/call')),
      resources: totals(metrics.byMethod().get('resources/read')),
      prompts: totals(metrics.byMethod().get('prompts/get')),
      servers: totals(undefined),
      a2aAgents: counts.ofAgents(catalog.snapshot),
      a2aPushNotifications: { ...pushCounts },
    }),
    diagnostics: async () => ({
      host: hostname(),
      uptimeSeconds: Math.round(process.uptime()),
      platform: { node: process.versions.node, os: process.platform, arch: process.arch },
      database,
      memory: process.memoryUsage(),
      upstreams: pool.size,
      views: catalog.size,
      listeners: forge.listeners,
      sessions: edge.sessions,
      subscriptions: edge.subscriptions,
      parkedCalls: edge.parked,
    }),
  };
}

function isMcpOnly(definition: string): boolean {
  const { _meta } = JSON.parse(definition) as { _meta?: Readonly<Record<string, unknown>> };
  return _meta?.[NO_PASSTHROUGH] === true;
}

async function databaseHealth(store: Store): Promise<HealthItem> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(() => resolve(false), PING_MS)));
  const ok = await Promise.race([
    store.ping().then(
      () => true,
      () => false,
    ),
    late,
  ]);
  clearTimeout(timer);
  return { name: 'database', ok };
}
