/** @module The routes of gRPC services: gateways of one transport, in the fields of ContextForge. */
import type { Named, Principal, Registry, ToolRecord, UpstreamInput, UpstreamPatch, UpstreamRecord } from '@forge/core';
import type { z } from 'zod';
import { grpcPlaces, type ServiceUpdate } from '../contract/grpc-services.ts';
import { invalidInput } from '../http/keys.ts';
import { answerList } from '../http/lists.ts';
import { type ApiRequest, type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';
import { isActivating } from './state.ts';
import { findOfKind, type Kind, listOfKind } from './upstreams-of-kind.ts';
import { entityView, isoOrNull } from './views.ts';

const SERVICE: Kind = { transport: 'grpc', noun: 'gRPC service' };

/** Tools that are read at once. */
const PAGE = 1000;

/** Serves gRPC services. */
export function grpcServiceRoutes(registry: Registry, { nameOf }: Pick<ApiCallbacks, 'nameOf'>): Route[] {
  const { upstreams } = registry;
  const find = ({ principal, params }: ApiRequest) => findOfKind(registry, principal, SERVICE, params['id'] ?? '');
  const view = async (principal: Principal, row: UpstreamRecord) =>
    serviceView(registry, row, await methodsOf(registry, principal, row));
  const remove = async (request: ApiRequest) => {
    const { id, name } = await find(request);
    await upstreams.delete(request.principal, id);
    return { status: 'success' as const, message: `The gRPC service "${name}" is deleted` };
  };

  return grpcPlaces.flatMap((place) => [
    route(place.create, async ({ principal, body }) => {
      const input = { ...toPatch(body, ''), name: body.name } as UpstreamInput;
      return view(principal, await upstreams.create(principal, input));
    }),
    route(place.list, (request) =>
      answerList(
        request,
        'services',
        (query) => listOfKind(registry, request.principal, SERVICE, query),
        (rows) => Promise.all(rows.map((row) => view(request.principal, row))),
      ),
    ),
    route(place.read, async (request) => view(request.principal, await find(request))),
    route(place.update, async (request) => {
      const { id, url = '' } = await find(request);
      return view(request.principal, await upstreams.update(request.principal, id, toPatch(request.body, url)));
    }),
    route(place.setState, async (request) => {
      const { id } = await find(request);
      const row = await upstreams.setEnabled(request.principal, id, isActivating(request));
      const message = `The gRPC service "${row.name}" is ${row.enabled ? 'active' : 'inactive'}`;
      return { status: 'success' as const, message, service: await view(request.principal, row) };
    }),
    route(place.reflect, async (request) => {
      const row = await find(request);
      await upstreams.refresh(request.principal, row.id);
      return view(request.principal, row);
    }),
    route(place.methods, async (request) => {
      const tools = await methodsOf(registry, request.principal, await find(request));
      const named = tools.map(({ id, ...method }) => ({
        ...method,
        tool: nameOf(request.principal, 'tools', id) ?? '',
      }));
      return { methods: named };
    }),
    route(place.delete, remove),
    route(place.deleteByPost, remove),
  ]);
}

/** What a body says, of a server at this URL. @throws ForgeError `validation_failed` */
function toPatch(body: z.output<typeof ServiceUpdate>, current: string): UpstreamPatch {
  const { name, target, description, reflectionEnabled, grpcMetadata, tags, visibility, enabled } = body;
  if (reflectionEnabled === false) {
    const message =
      'must be true: descriptors are given by POST /gateways, as config.protoFiles or config.descriptorSet';
    throw invalidInput([{ field: 'reflectionEnabled', message }]);
  }
  if (target?.includes('://') === true || (target !== undefined && !/^[^\s/@?#]+:\d{1,5}$/.test(target))) {
    throw invalidInput([{ field: 'target', message: 'must be host:port, such as localhost:50051' }]);
  }
  const [scheme = '', before = ''] = current.split('://');
  const { tlsEnabled = scheme === 'grpcs' } = body;
  const url = `grpc${tlsEnabled ? 's' : ''}://${target ?? before}`;
  const headers = grpcMetadata && Object.entries(grpcMetadata).map(([key, value]) => ({ name: key, value }));
  const to = url === current ? undefined : url;
  return { name, url: to, description, transport: 'grpc', headers, tags, visibility, enabled };
}

async function methodsOf({ tools }: Registry, principal: Principal, { id }: UpstreamRecord) {
  const rows: Named<ToolRecord>[] = [];
  let cursor: string | undefined;
  do {
    const page = await tools.list(principal, { limit: PAGE, upstreamId: id, includeDisabled: true, cursor });
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return rows
    .toSorted((a, b) => a.position - b.position)
    .map(({ id: toolId, originalName: fullName }) => {
      const at = fullName.lastIndexOf('.');
      return { id: toolId, service: fullName.slice(0, at), method: fullName.slice(at + 1), fullName };
    });
}

function serviceView(
  { upstreams }: Registry,
  row: UpstreamRecord,
  methods: readonly { readonly service: string; readonly method: string }[],
) {
  const discovered = new Map<string, string[]>();
  for (const { service, method } of methods) discovered.set(service, [...(discovered.get(service) ?? []), method]);
  const config = JSON.parse(row.config ?? '{}') as { descriptorSet?: unknown; protoFiles?: unknown };
  return {
    ...entityView(row),
    name: row.name,
    slug: row.slug,
    target: row.url?.replace(/^grpcs?:\/\//, '') ?? null,
    description: row.description,
    reflectionEnabled: config.descriptorSet === undefined && config.protoFiles === undefined,
    tlsEnabled: row.url?.startsWith('grpcs:') === true,
    grpcMetadata: Object.fromEntries(row.headers.map(({ name, value }) => [name, value])),
    reachable: upstreams.status(row.id).state === 'connected',
    serviceCount: discovered.size,
    methodCount: methods.length,
    discoveredServices: Object.fromEntries(discovered),
    lastReflection: isoOrNull(upstreams.lastRefresh(row.id)?.at),
  };
}
