/** @module The routes of gateways. */
import type { ItemCounts, Principal, RefreshResult, Registry, UpstreamRecord, UpstreamStatus } from '@forge/core';
import type { z } from 'zod';
import * as contract from '../contract/gateways.ts';
import { answerList } from '../http/lists.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import { toUpstreamInput, toUpstreamPatch } from './gateway-input.ts';
import { isActivating, type StateRequest } from './state.ts';
import { entityView, iso, isoOrNull } from './views.ts';

type View = z.input<typeof contract.GatewayRead>;

const TRANSPORT_NAMES = {
  sse: 'SSE',
  'streamable-http': 'STREAMABLEHTTP',
  websocket: 'WEBSOCKET',
  stdio: 'STDIO',
  'in-process': 'INPROCESS',
  rest: 'REST',
  grpc: 'GRPC',
  a2a: 'A2A',
} as const;
const NO_ITEMS: ItemCounts = { tools: 0, resources: 0, prompts: 0 };

/** Serves gateways. */
export function gatewayRoutes(registry: Registry): Route[] {
  const { upstreams } = registry;
  const viewAll = async (principal: Principal, rows: readonly UpstreamRecord[]): Promise<View[]> => {
    const counts = await registry.counts();
    return rows.map((row) => gatewayView(registry, principal, row, counts.get(row.id) ?? NO_ITEMS));
  };
  const view = (principal: Principal, row: UpstreamRecord): Promise<View> => viewGateway(registry, principal, row);
  const setState = async ({ principal, params, ...wanted }: StateRequest) => {
    const row = await upstreams.setEnabled(principal, params['id'] ?? '', isActivating(wanted));
    const message = `The gateway "${row.name}" is ${row.enabled ? 'active' : 'inactive'}`;
    return { status: 'success' as const, message, gateway: await view(principal, row) };
  };
  const refresh = async ({ principal, params }: ApiRequest) => {
    const start = performance.now();
    const result = await upstreams.refresh(principal, params['id'] ?? '');
    return refreshView(params['id'] ?? '', result, performance.now() - start);
  };

  return [
    route(contract.createGateway, async ({ principal, body }) =>
      view(principal, await upstreams.create(principal, toUpstreamInput(body))),
    ),
    route(contract.listGateways, (request) =>
      answerList(
        request,
        'gateways',
        (query) => upstreams.list(request.principal, query),
        (rows) => viewAll(request.principal, rows),
      ),
    ),
    route(contract.getGateway, async ({ principal, params }) =>
      view(principal, await upstreams.get(principal, params['id'] ?? '')),
    ),
    route(contract.updateGateway, async ({ principal, params, body }) =>
      view(principal, await upstreams.update(principal, params['id'] ?? '', toUpstreamPatch(body))),
    ),
    route(contract.deleteGateway, async ({ principal, params }) => {
      await upstreams.delete(principal, params['id'] ?? '');
      return { status: 'success', message: `The gateway ${params['id']} is deleted` };
    }),
    route(contract.setGatewayState, setState),
    route(contract.toggleGateway, setState),
    route(contract.refreshGateway, refresh),
    route(contract.refreshGatewayTools, refresh),
  ];
}

/** A gateway as the principal may see it. */
export async function viewGateway(registry: Registry, principal: Principal, row: UpstreamRecord): Promise<View> {
  const counts = await registry.counts();
  return gatewayView(registry, principal, row, counts.get(row.id) ?? NO_ITEMS);
}

function gatewayView(registry: Registry, principal: Principal, row: UpstreamRecord, counts: ItemCounts): View {
  const status = registry.upstreams.status(row.id);
  const last = registry.upstreams.lastRefresh(row.id);
  // Arguments and addresses may hold credentials, whatever they were meant for.
  const ours = <T>(value: T | undefined): T | null => (principal.admin ? (value ?? null) : null);
  return {
    ...entityView(row),
    name: row.name,
    slug: row.slug,
    description: row.description,
    transport: TRANSPORT_NAMES[row.transport],
    url: ours(row.url),
    command: ours(row.command),
    args: ours(row.args && [...row.args]),
    env: ours(row.env && { ...row.env }),
    cwd: ours(row.cwd),
    authType: ours(row.headers.length === 0 ? 'none' : 'authheaders'),
    authHeaders: ours(row.headers.map(({ name, value }) => ({ key: name, value }))),
    config: ours(row.config === undefined ? undefined : (JSON.parse(row.config) as Record<string, unknown>)),
    secrets: ours(row.secrets && { ...row.secrets }),
    era: row.era,
    timeoutMs: row.timeoutMs ?? null,
    reachable: status.state === 'connected',
    lastSeen: isoOrNull(status.lastSeen),
    capabilities: status.capabilities ?? {},
    status: statusView(status, principal),
    toolCount: counts.tools,
    resourceCount: counts.resources,
    promptCount: counts.prompts,
    lastRefreshAt: isoOrNull(last?.at),
    skippedTools: last?.skipped.map(({ kind, name, reason }) => `${kind} "${name}": ${reason}`) ?? [],
  };
}

function statusView(status: UpstreamStatus, principal: Principal): View['status'] {
  const { state, since, era, protocolVersion, transport, reason, detectedAt, lastSeen, error, serverInfo } = status;
  return {
    state,
    since: since === 0 ? null : iso(since),
    era: era ?? null,
    protocolVersion: protocolVersion ?? null,
    transport: transport ?? null,
    reason: reason ?? null,
    detectedAt: isoOrNull(detectedAt),
    lastSeen: isoOrNull(lastSeen),
    lastError: error
      ? {
          code: error.code,
          message: principal.admin ? error.message : undefined,
          failures: error.failures,
          nextAttemptAt: isoOrNull(error.nextAttemptAt),
        }
      : null,
    serverInfo: serverInfo ?? null,
    instructions: status.instructions ?? null,
  };
}

function refreshView(gatewayId: string, result: RefreshResult, durationMs: number) {
  const { tools, resources, prompts, skipped, at } = result;
  return {
    gatewayId,
    success: true as const,
    toolsAdded: tools.added,
    toolsUpdated: tools.updated,
    toolsRemoved: tools.removed,
    resourcesAdded: resources.added,
    resourcesUpdated: resources.updated,
    resourcesRemoved: resources.removed,
    promptsAdded: prompts.added,
    promptsUpdated: prompts.updated,
    promptsRemoved: prompts.removed,
    validationErrors: skipped.map(({ kind, name, reason }) => `${kind} "${name}": ${reason}`),
    durationMs: Math.round(durationMs),
    refreshedAt: iso(at),
  };
}
