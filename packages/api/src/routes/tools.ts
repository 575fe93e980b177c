/** @module The routes of tools. */
import { ForgeError, type Named, type Principal, type Registry, type ToolRecord } from '@forge/core';
import * as contract from '../contract/tools.ts';
import { answerList } from '../http/lists.ts';
import { type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { callForResult, jsonResponse } from './rpc-call.ts';
import { createRestTools } from './rest-tools.ts';
import { isActivating, type StateRequest } from './state.ts';
import { type ToolView, toolViews } from './tool-views.ts';

/** Serves tools. */
export function toolRoutes(registry: Registry, callbacks: ApiCallbacks): Route[] {
  const { tools } = registry;
  const rest = createRestTools(registry, callbacks.restTools);
  const views = (principal: Principal, rows: readonly Named<ToolRecord>[]): Promise<ToolView[]> =>
    toolViews(registry, callbacks.restTools, principal, rows);
  const view = async (principal: Principal, row: Named<ToolRecord>) => (await views(principal, [row]))[0] as ToolView;
  const setState = async ({ principal, params, ...wanted }: StateRequest) => {
    const row = await tools.setEnabled(principal, params['id'] ?? '', isActivating(wanted));
    const message = `The tool "${row.name}" is ${row.enabled ? 'active' : 'inactive'}`;
    return { status: 'success' as const, message, tool: await view(principal, row) };
  };

  return [
    // Before /tools/{id}/state, whose pattern fits a tool called "state".
    route(contract.invokeTool, async (request) => {
      const { principal, params } = request;
      const name = params['name'] ?? '';
      if (!callbacks.hasTool(principal, principal.serverId, name)) {
        throw new ForgeError('not_found', `There is no tool "${name.slice(0, 100)}"`);
      }
      if (!callbacks.isExposed(principal, principal.serverId, name)) {
        throw new ForgeError('forbidden', `The tool "${name.slice(0, 100)}" is called by MCP only`);
      }
      const body = await request.json();
      if (!body.isObject) throw new ForgeError('validation_failed', 'The body must be a JSON object');
      const wrapped = body.names().length === 1 ? body.member('arguments') : undefined;
      const args = wrapped?.isObject ? wrapped : body;
      return jsonResponse(
        await callForResult(callbacks, request, 'tools/call', { name: JSON.stringify(name), arguments: args.text }),
      );
    }),
    route(contract.createTool, async ({ principal, body }) => view(principal, await rest.create(principal, body))),
    route(contract.listTools, (request) =>
      answerList(
        request,
        'tools',
        (query) => tools.list(request.principal, query),
        (rows) => views(request.principal, rows),
      ),
    ),
    route(contract.getTool, async ({ principal, params }) =>
      view(principal, await tools.get(principal, params['id'] ?? '')),
    ),
    route(contract.updateTool, async ({ principal, params, body }) => {
      const current = await tools.get(principal, params['id'] ?? '');
      const { name, customName, tags, visibility, enabled, pluginChainPre, pluginChainPost } = body;
      registry.plugins.check({ pluginChainPre, pluginChainPost }, current);
      const isSingle = await rest.update(principal, current, body);
      // A tool by itself has no prefix to fall back to.
      const custom = customName === null && isSingle ? current.originalName : customName;
      const renamed = name !== undefined && name !== current.name ? name : custom;
      const patch = { tags, visibility, enabled, customName: renamed, pluginChainPre, pluginChainPost };
      return view(principal, await tools.update(principal, current.id, patch));
    }),
    route(contract.deleteTool, async ({ principal, params }) => {
      const tool = await tools.get(principal, params['id'] ?? '');
      if (!(await rest.delete(principal, tool))) await tools.delete(principal, tool.id);
      return { status: 'success', message: `The tool "${tool.name}" is deleted` };
    }),
    route(contract.setToolState, setState),
    route(contract.toggleTool, setState),
  ];
}
