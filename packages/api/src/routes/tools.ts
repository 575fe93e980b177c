/** @module The routes of tools. */
import { ForgeError, type Registry } from '@forge/core';
import * as contract from '../contract/tools.ts';
import { answerList } from '../http/lists.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { callForResult, jsonResponse } from './rpc-call.ts';
import { toolView } from './views.ts';

const CREATE_INSTEAD =
  'Single tools cannot be registered yet. Register the MCP server that has the tool by POST /gateways: its tools are found at once.';

/** Serves tools. */
export function toolRoutes(registry: Registry, callbacks: ApiCallbacks): Route[] {
  const { tools } = registry;
  const setState = async ({ principal, params, query }: ApiRequest<{ activate: boolean }>) => {
    const row = await tools.setEnabled(principal, params['id'] ?? '', query.activate);
    const message = `The tool "${row.name}" is ${row.enabled ? 'active' : 'inactive'}`;
    return { status: 'success' as const, message, tool: toolView(registry, row) };
  };

  return [
    // Before /tools/{id}/state, whose pattern fits a tool called "state".
    route(contract.invokeTool, async (request) => {
      const { principal, params } = request;
      const name = params['name'] ?? '';
      if (!callbacks.hasTool(principal, principal.serverId, name)) {
        throw new ForgeError('not_found', `There is no tool "${name.slice(0, 100)}"`);
      }
      const body = await request.json();
      if (!body.isObject) throw new ForgeError('validation_failed', 'The body must be a JSON object');
      const wrapped = body.names().length === 1 ? body.member('arguments') : undefined;
      const args = wrapped?.isObject ? wrapped : body;
      return jsonResponse(
        await callForResult(callbacks, request, 'tools/call', { name: JSON.stringify(name), arguments: args.text }),
      );
    }),
    route(contract.createTool, () => {
      throw new ForgeError('not_implemented', CREATE_INSTEAD);
    }),
    route(contract.listTools, (request) =>
      answerList(
        request,
        'tools',
        (query) => tools.list(request.principal, query),
        async (rows) => rows.map((row) => toolView(registry, row)),
      ),
    ),
    route(contract.getTool, async ({ principal, params }) =>
      toolView(registry, await tools.get(principal, params['id'] ?? '')),
    ),
    route(contract.updateTool, async ({ principal, params, body: { name, customName, ...patch } }) => {
      const current = await tools.get(principal, params['id'] ?? '');
      const renamed = name !== undefined && name !== current.name ? name : customName;
      return toolView(registry, await tools.update(principal, current.id, { ...patch, customName: renamed }));
    }),
    route(contract.deleteTool, async ({ principal, params }) => {
      await tools.delete(principal, params['id'] ?? '');
      return { status: 'success', message: `The tool ${params['id']} is deleted` };
    }),
    route(contract.setToolState, setState),
    route(contract.toggleTool, setState),
  ];
}
