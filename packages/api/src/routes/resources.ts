/** @module The routes of resources. */
import { ForgeError, type Registry, type ResourcePatch, type ResourceRecord } from '@forge/core';
import type { z } from 'zod';
import * as contract from '../contract/resources.ts';
import { isObject } from '../http/keys.ts';
import { answerList } from '../http/lists.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { withoutEcho } from './echo.ts';
import { callForResult } from './rpc-call.ts';
import { isActivating, type StateRequest } from './state.ts';
import { resourceView } from './views.ts';

/** Serves resources. */
export function resourceRoutes(registry: Registry, callbacks: ApiCallbacks): Route[] {
  const { resources } = registry;
  const setState = async ({ principal, params, ...wanted }: StateRequest) => {
    const row = await resources.setEnabled(principal, params['id'] ?? '', isActivating(wanted));
    const message = `The resource "${row.originalName}" is ${row.enabled ? 'active' : 'inactive'}`;
    return { status: 'success' as const, message, resource: resourceView(registry, row) };
  };

  return [
    route(contract.createResource, async ({ principal, body }) => {
      const { content, text = content, ...input } = body;
      return resourceView(registry, await resources.create(principal, { ...input, text }));
    }),
    route(contract.listResources, (request) =>
      answerList(
        request,
        'resources',
        (query) => resources.list(request.principal, query),
        async (rows) => rows.map((row) => resourceView(registry, row)),
      ),
    ),
    route(contract.readResource, async (request) => {
      const row = await resources.get(request.principal, request.params['id'] ?? '');
      if (!row.enabled) throw new ForgeError('not_found', `The resource "${row.originalName}" is inactive`);
      return row.upstreamId === undefined ? localContent(row) : readUpstream(callbacks, request, row);
    }),
    route(contract.getResource, async ({ principal, params }) =>
      resourceView(registry, await resources.get(principal, params['id'] ?? '')),
    ),
    route(contract.updateResource, async ({ principal, params, body }) => {
      const { content, text = content, ...patch } = body;
      const current = await resources.get(principal, params['id'] ?? '');
      const change: ResourcePatch = withoutEcho({ ...patch, text }, resourceView(registry, current));
      return resourceView(registry, await resources.update(principal, current.id, change));
    }),
    route(contract.deleteResource, async ({ principal, params }) => {
      await resources.delete(principal, params['id'] ?? '');
      return { status: 'success', message: `The resource ${params['id']} is deleted` };
    }),
    route(contract.setResourceState, setState),
    route(contract.toggleResource, setState),
  ];
}

type Content = z.input<typeof contract.ResourceContent>;

function localContent(row: ResourceRecord): Content {
  const { mimeType } = JSON.parse(row.definition) as { mimeType: string };
  return { type: 'resource', uri: row.originalName, mimeType, text: row.text, blob: row.blob };
}

async function readUpstream(callbacks: ApiCallbacks, request: ApiRequest, row: ResourceRecord): Promise<Content> {
  const uri = row.originalName;
  if (row.isTemplate) {
    throw new ForgeError('validation_failed', `"${uri}" is a template: read one of its URIs by resources/read on /rpc`);
  }
  const result = await callForResult(callbacks, request, 'resources/read', { uri: JSON.stringify(uri) });
  const contents: unknown = result.member('contents')?.value;
  const [first] = Array.isArray(contents) ? (contents as unknown[]) : [];
  if (!isObject(first)) throw new ForgeError('upstream_error', `The gateway has no content for "${uri}"`);
  const rest = (contents as unknown[]).length > 1 ? { contents: contents as unknown[] } : {};
  return { uri, ...first, ...rest, type: 'resource' };
}
