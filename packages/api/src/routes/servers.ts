/** @module The routes of virtual servers. */
import type {
  ItemKind,
  Named,
  Principal,
  PromptRecord,
  Registry,
  ResourceRecord,
  ServerPatch,
  ServerRecord,
  ToolRecord,
} from '@forge/core';
import type { z } from 'zod';
import * as contract from '../contract/servers.ts';
import { answerList } from '../http/lists.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { isActivating, type StateRequest } from './state.ts';
import { toolViews } from './tool-views.ts';
import { promptView, resourceView, serverView } from './views.ts';

/** Serves virtual servers. */
export function serverRoutes(registry: Registry, { restTools }: ApiCallbacks): Route[] {
  const { servers } = registry;
  const viewAll = async (principal: Principal, rows: readonly ServerRecord[]) => {
    const names = await servers.names(principal, rows);
    return rows.map((row) => serverView(row, names));
  };
  const view = async (principal: Principal, row: ServerRecord) =>
    serverView(row, await servers.names(principal, [row]));
  const setState = async ({ principal, params, ...wanted }: StateRequest) => {
    const row = await servers.setEnabled(principal, params['id'] ?? '', isActivating(wanted));
    const message = `The server "${row.name}" is ${row.enabled ? 'active' : 'inactive'}`;
    return { status: 'success' as const, message, server: await view(principal, row) };
  };
  const items = async <T>({ principal, params, query }: ApiRequest<{ includeInactive: boolean }>, kind: ItemKind) => {
    const rows = await servers.items(principal, params['id'] ?? '', kind);
    return rows.filter((row) => row.enabled || query.includeInactive) as unknown as readonly T[];
  };

  return [
    route(contract.createServer, async ({ principal, body }) =>
      view(principal, await servers.create(principal, { ...toPatch(body), name: body.name, id: body.id })),
    ),
    route(contract.listServers, (request) =>
      answerList(
        request,
        'servers',
        (query) => servers.list(request.principal, query),
        (rows) => viewAll(request.principal, rows),
      ),
    ),
    route(contract.getServer, async ({ principal, params }) =>
      view(principal, await servers.get(principal, params['id'] ?? '')),
    ),
    route(contract.updateServer, async ({ principal, params, body }) =>
      view(principal, await servers.update(principal, params['id'] ?? '', toPatch(body))),
    ),
    route(contract.deleteServer, async ({ principal, params }) => {
      await servers.delete(principal, params['id'] ?? '');
      return { status: 'success', message: `The server ${params['id']} is deleted` };
    }),
    route(contract.setServerState, setState),
    route(contract.toggleServer, setState),
    route(contract.listServerTools, async (request) =>
      toolViews(registry, restTools, request.principal, await items<Named<ToolRecord>>(request, 'tools')),
    ),
    route(contract.listServerResources, async (request) =>
      (await items<Named<ResourceRecord>>(request, 'resources')).map((row) => resourceView(registry, row)),
    ),
    route(contract.listServerPrompts, async (request) =>
      (await items<Named<PromptRecord>>(request, 'prompts')).map((row) => promptView(registry, row)),
    ),
  ];
}

function toPatch(body: z.output<typeof contract.ServerUpdate>): ServerPatch {
  const { associatedTools, associatedResources, associatedPrompts, ...others } = body;
  const { associatedGateways, associatedA2aAgents, ...rest } = others;
  const whole = [...(associatedGateways ?? []), ...(associatedA2aAgents ?? [])];
  return {
    ...rest,
    tools: associatedTools,
    resources: associatedResources,
    prompts: associatedPrompts,
    upstreams: associatedGateways || associatedA2aAgents ? whole : undefined,
  };
}
