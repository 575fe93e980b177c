/** @module Routes a request by the caller's view: who serves it, and under which name. */
import { type ExchangeRequest, ForgeError, JsonText } from '@forge/protocol';
import type { Route, View } from '../catalog/view.ts';
import type { PluginChain } from '../plugins/chain.ts';

/** Where a request goes: to an upstream, or (`local`) to Forge itself. */
export interface Destination {
  /** With the upstream's own names. */
  readonly request: ExchangeRequest;
  readonly upstreamId: string | undefined;
  readonly itemId: string | undefined;
  readonly chain: PluginChain | undefined;
  readonly local?: Route | undefined;
}

/** Methods that lead to one item. */
export const ROUTED_METHODS: ReadonlySet<string> = new Set([
  'tools/call',
  'prompts/get',
  'resources/read',
  'completion/complete',
]);

/**
 * Decides by `view`; nothing is sent yet.
 *
 * @throws ForgeError `invalid_params` (-32602) when nothing of that name is in the view.
 */
export function routeRequest(view: View, request: ExchangeRequest): Destination {
  switch (request.method) {
    case 'tools/call':
      return byName(view.tools, request, 'tool');
    case 'prompts/get':
      return byName(view.prompts, request, 'prompt');
    case 'resources/read':
      return byUri(view, request);
    default:
      return byReference(view, request);
  }
}

/** The name or URI that decides where a request leads. */
export function targetOfRequest(request: ExchangeRequest): string | undefined {
  if (request.method !== 'completion/complete') return request.target;
  const reference = request.params?.member('ref')?.value as { name?: unknown; uri?: unknown } | undefined;
  const target = reference?.name ?? reference?.uri;
  return typeof target === 'string' ? target : undefined;
}

/** The upstream that a name leads to while it is left out of the lists; `undefined` for every other name. */
export function missingUpstream({ missing }: View, method: string, target: string): string | undefined {
  switch (method) {
    case 'tools/call':
      return missing.tools.get(target);
    case 'prompts/get':
      return missing.prompts.get(target);
    case 'resources/read':
      return missing.resources.get(target);
    case 'completion/complete':
      return missing.prompts.get(target) ?? missing.resources.get(target);
    default:
      return undefined;
  }
}

function byName(routes: ReadonlyMap<string, Route>, request: ExchangeRequest, kind: string): Destination {
  const route = routes.get(request.target ?? '');
  if (!route) throw unknown(kind, request.target);
  return to(route, renamed(request, route));
}

function byUri(view: View, request: ExchangeRequest): Destination {
  const uri = request.target ?? '';
  const route = view.resources.get(uri) ?? view.templates.find(({ matches }) => matches(uri))?.route;
  if (route) return to(route, request);
  if (view.wholeUpstream !== undefined && !view.hidden.has(uri)) {
    return { request, upstreamId: view.wholeUpstream, itemId: undefined, chain: undefined };
  }
  throw unknown('resource', uri);
}

function byReference(view: View, request: ExchangeRequest): Destination {
  const reference = request.params?.member('ref');
  const kind = reference?.member('type')?.value;
  const target = targetOfRequest(request);
  if (reference && target !== undefined && kind === 'ref/prompt') {
    const route = view.prompts.get(target);
    if (!route) throw unknown('prompt', target);
    const ref = reference.with({ name: JSON.stringify(route.originalName) });
    return to(route, { ...request, params: request.params?.with({ ref: ref.text }) });
  }
  if (target !== undefined && kind === 'ref/resource') {
    const route =
      view.templates.find(({ template, matches }) => template === target || matches(target))?.route ??
      view.resources.get(target);
    if (!route) throw unknown('resource', target);
    return to(route, request);
  }
  throw new ForgeError(
    'invalid_params',
    'ref must be {"type":"ref/prompt","name":...} or {"type":"ref/resource","uri":...}',
  );
}

function to(route: Route, request: ExchangeRequest): Destination {
  const { upstreamId, itemId, chain } = route;
  const destination = { request, upstreamId, itemId, chain };
  return upstreamId === undefined ? { ...destination, local: route } : destination;
}

function renamed(request: ExchangeRequest, route: Route): ExchangeRequest {
  const { paramHeaders } = route;
  if (route.originalName === request.target) return paramHeaders ? { ...request, paramHeaders } : request;
  const name = JSON.stringify(route.originalName);
  const params = request.params?.with({ name }) ?? new JsonText(`{"name":${name}}`);
  return { ...request, params, target: route.originalName, paramHeaders };
}

function unknown(kind: string, name: string | undefined): ForgeError {
  if (name === undefined) return new ForgeError('invalid_params', `The ${kind} is not named`);
  return new ForgeError(
    'invalid_params',
    `Unknown ${kind}: ${name.slice(0, 256)}`,
    kind === 'resource' ? { data: { uri: name } } : {},
  );
}
