/** @module The routes of prompts. */
import { ForgeError, type PromptArgument, type Registry } from '@forge/core';
import { JsonText } from '@forge/protocol';
import type { z } from 'zod';
import * as contract from '../contract/prompts.ts';
import { answerList } from '../http/lists.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { withoutEcho } from './echo.ts';
import { callForResult, jsonResponse } from './rpc-call.ts';
import { isActivating, type StateRequest } from './state.ts';
import { promptView } from './views.ts';

/** Serves prompts. */
export function promptRoutes(registry: Registry, callbacks: ApiCallbacks): Route[] {
  const { prompts } = registry;
  const setState = async ({ principal, params, ...wanted }: StateRequest) => {
    const row = await prompts.setEnabled(principal, params['id'] ?? '', isActivating(wanted));
    const message = `The prompt "${row.name}" is ${row.enabled ? 'active' : 'inactive'}`;
    return { status: 'success' as const, message, prompt: promptView(registry, row) };
  };
  const render = async (request: ApiRequest, args: JsonText): Promise<Response> => {
    const row = await prompts.get(request.principal, request.params['id'] ?? '');
    const name = callbacks.nameOf(request.principal, 'prompts', row.id);
    if (name === undefined)
      throw new ForgeError('not_found', `The prompt "${row.name}" is not available at the moment`);
    const params = { name: JSON.stringify(name), arguments: args.text };
    return jsonResponse(await callForResult(callbacks, request, 'prompts/get', params));
  };

  return [
    route(contract.createPrompt, async ({ principal, body: { argumentSchema, ...input } }) => {
      const args = input.arguments ?? fromSchema(argumentSchema);
      return promptView(registry, await prompts.create(principal, { ...input, arguments: args }));
    }),
    route(contract.listPrompts, (request) =>
      answerList(
        request,
        'prompts',
        (query) => prompts.list(request.principal, query),
        async (rows) => rows.map((row) => promptView(registry, row)),
      ),
    ),
    route(contract.renderPrompt, async (request) => render(request, argumentsOf(await request.json()))),
    route(contract.renderPlainPrompt, (request) => render(request, new JsonText('{}'))),
    route(contract.getPrompt, async ({ principal, params }) =>
      promptView(registry, await prompts.get(principal, params['id'] ?? '')),
    ),
    route(contract.updatePrompt, async ({ principal, params, body }) => {
      const { name, customName, argumentSchema, ...rest } = body;
      const current = await prompts.get(principal, params['id'] ?? '');
      const args = rest.arguments ?? fromSchema(argumentSchema);
      const patch = withoutEcho({ ...rest, arguments: args }, promptView(registry, current));
      const renamed = name === undefined || name === current.name ? undefined : name;
      const names =
        current.upstreamId === undefined ? { name: renamed, customName } : { customName: renamed ?? customName };
      return promptView(registry, await prompts.update(principal, current.id, { ...patch, ...names }));
    }),
    route(contract.deletePrompt, async ({ principal, params }) => {
      await prompts.delete(principal, params['id'] ?? '');
      return { status: 'success', message: `The prompt ${params['id']} is deleted` };
    }),
    route(contract.setPromptState, setState),
    route(contract.togglePrompt, setState),
  ];
}

/** Arguments are texts, so an object under `args` or `arguments` can only be all of them. */
function argumentsOf(body: JsonText): JsonText {
  if (!body.isObject) throw new ForgeError('validation_failed', 'The body must be a JSON object');
  for (const member of ['args', 'arguments']) {
    const inner = body.member(member);
    if (inner?.isObject) return inner;
  }
  return body;
}

function fromSchema(schema: z.output<typeof contract.PromptCreate>['argumentSchema']): PromptArgument[] | undefined {
  if (!schema) return undefined;
  return Object.entries(schema.properties ?? {}).map(([name, { description }]) => ({
    name,
    description,
    required: schema.required?.includes(name) ?? false,
  }));
}
