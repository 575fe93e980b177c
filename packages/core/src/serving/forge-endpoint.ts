/** @module Forge as an endpoint: one virtual server (or everything) for the edges to serve. */
import {
  type Client,
  type Endpoint,
  errorOutcome,
  type Exchange,
  type ExchangeRequest,
  ForgeError,
  JsonText,
  needsTasks,
  type Outcome,
  resultOutcome,
  takesTasks,
  TASK_METHODS,
  type UpstreamInfo,
} from '@forge/protocol';
import type { Catalog } from '../catalog/catalog.ts';
import type { ListMethod, View } from '../catalog/view.ts';
import type { Call, Next } from '../contracts/interceptor.ts';
import type { ResourceRecord, ServerRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { LivePool } from '../upstreams/pool.ts';
import { after } from '../upstreams/timer.ts';
import { describeServer, type Identity } from './describe.ts';
import { readLocalResource, renderPrompt } from './local-items.ts';
import { missingUpstream, ROUTED_METHODS, routeRequest, targetOfRequest } from './router.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { TaskIds } from './tasks.ts';

/** What an endpoint needs. */
export interface EndpointParts {
  readonly catalog: Catalog;
  readonly pool: LivePool;
  /** The pipeline; its innermost part is {@link dispatch}. */
  readonly pipeline: Next;
  readonly subscriptions: Subscriptions;
  readonly taskIds: TaskIds;
  readonly identity: Identity;
  /** Milliseconds that `describe` waits for upstreams that have not answered yet. */
  readonly describeWaitMs: number;
  /** Revisions of the protocol that are served. @default all */
  readonly protocolVersions?: readonly string[] | undefined;
}

/** The endpoint of a virtual server; `undefined`: the aggregate of everything. */
export function createForgeEndpoint(serverId: string | undefined, parts: EndpointParts): Endpoint {
  const { catalog, pool, pipeline, subscriptions, taskIds } = parts;

  /** What was chosen by `versionsOf`: asked for with every message, changed almost never. */
  let served = parts.protocolVersions;
  let versionsOf: ServerRecord | undefined;

  function serverOf(): ServerRecord | undefined {
    return serverId === undefined ? undefined : catalog.snapshot.servers.get(serverId);
  }

  function viewFor(principal: Principal): View {
    const view = catalog.view(serverId, principal);
    if (!view) throw new ForgeError('not_found', `No server has the id "${serverId ?? ''}"`);
    return view;
  }

  function serve(request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    const principal = request.client.caller as Principal;
    const view = viewFor(principal);
    if (TASK_METHODS.has(request.method) && request.client.era === 'modern') return serveTask(request, exchange);
    const target = targetOfRequest(request);
    const lost = target === undefined ? undefined : missingUpstream(view, request.method, target);
    if (lost !== undefined) return recoverAndServe(lost, request, exchange);
    return pipeline(callOf(view, request, exchange, principal, target));
  }

  /**
   * A task's id leads to its upstream, for the principal that it was handed to and as long as that may use the upstream.
   * Any other id is nobody's.
   */
  async function serveTask(request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    if (!takesTasks(request.client)) throw needsTasks();
    const principal = request.client.caller as Principal;
    const { target = '' } = request;
    const task = await taskIds.open(target, serverId, principal);
    const call = { request, exchange, principal, serverId, upstreamId: undefined, itemId: undefined, target };
    if (task === undefined || !viewFor(principal).upstreamIds.includes(task.upstreamId)) return pipeline(call);
    const params = request.params?.with({ taskId: JSON.stringify(task.taskId) });
    return pipeline({ ...call, request: { ...request, params, target: task.taskId }, upstreamId: task.upstreamId });
  }

  /** The name is known, its upstream was out when the view was made: tries it before saying no. */
  async function recoverAndServe(upstreamId: string, request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    const principal = request.client.caller as Principal;
    const target = targetOfRequest(request);
    try {
      await pool.get(upstreamId)?.recover();
    } catch (error) {
      const refusal = ForgeError.from(error);
      return pipeline({ request, exchange, principal, serverId, upstreamId, itemId: undefined, target, refusal });
    }
    return pipeline(callOf(viewFor(principal), request, exchange, principal, target));
  }

  function callOf(
    view: View,
    request: ExchangeRequest,
    exchange: Exchange,
    principal: Principal,
    target: string | undefined,
  ): Call {
    if (!ROUTED_METHODS.has(request.method)) {
      return { request, exchange, principal, serverId, upstreamId: undefined, itemId: undefined, target };
    }
    try {
      const destination = routeRequest(view, request);
      const { upstreamId, itemId, chain } = destination;
      return { request: destination.request, exchange, principal, serverId, upstreamId, itemId, target, chain };
    } catch (error) {
      const refusal = ForgeError.from(error); // it goes on all the same, so that observers see who tried what
      return { request, exchange, principal, serverId, upstreamId: undefined, itemId: undefined, target, refusal };
    }
  }

  return {
    key: serverId ?? '*',
    get versions() {
      const server = serverOf();
      if (server !== versionsOf) served = chosenVersions(server, parts.protocolVersions);
      versionsOf = server;
      return served;
    },
    async describe(caller) {
      const view = viewFor(caller as Principal);
      await settled(view, pool, parts.describeWaitMs);
      const server = serverOf();
      const infos = view.upstreamIds.flatMap((id) => namedInfo(id, parts));
      return describeServer(server, view, infos, parts.identity);
    },
    handle(request, exchange) {
      try {
        return serve(request, exchange).catch(errorOutcome);
      } catch (error) {
        return Promise.resolve(errorOutcome(error));
      }
    },
    paramHeaders: (tool, caller) => catalog.view(serverId, caller as Principal)?.tools.get(tool)?.paramHeaders,
    async ownTasks(ids, caller) {
      const principal = caller as Principal;
      const tasks = await Promise.all(ids.map((id) => taskIds.open(id, serverId, principal)));
      const { upstreamIds } = viewFor(principal);
      return ids.filter((_, index) => upstreamIds.includes(tasks[index]?.upstreamId ?? ''));
    },
    listen: (client: Client, filter, listener) => subscriptions.add(serverId, client, filter, listener),
    sessionEnded: (sessionId) => pool.sessionEnded(sessionId),
  };
}

/** A server's choice, as far as Forge serves it. */
function chosenVersions(
  server: ServerRecord | undefined,
  all: readonly string[] | undefined,
): readonly string[] | undefined {
  const chosen = server?.protocolVersions;
  return chosen && all ? chosen.filter((version) => all.includes(version)) : (chosen ?? all);
}

/** The innermost step of the pipeline: answers what Forge serves itself, sends the rest to its upstream. */
export function dispatch(catalog: Catalog, pool: LivePool, taskIds: TaskIds, listTtlMs: number): Next {
  return (call) => {
    const { request, principal, serverId, upstreamId, refusal } = call;
    if (refusal !== undefined) return Promise.reject(refusal);
    if (upstreamId !== undefined) {
      const managed = pool.get(upstreamId);
      if (!managed)
        throw new ForgeError(
          'upstream_unreachable',
          'The gateway of this item is being removed or replaced; try again',
        );
      const answered = managed.call(request, call.exchange);
      return takesTasks(request.client) ? answered.then((outcome) => taskIds.forClient(call, outcome)) : answered;
    }
    const view = catalog.view(serverId, principal);
    if (!view) throw new ForgeError('not_found', `No server has the id "${serverId ?? ''}"`);
    const { era } = request.client;
    const list = view.lists[request.method as ListMethod];
    if (list !== undefined && Object.hasOwn(view.lists, request.method)) {
      return Promise.resolve({ era, result: list.page(cursorOf(request.params), era) });
    }
    return serveLocally(view, request, listTtlMs);
  };
}

/** Rejects rather than throws, as every call that fails, so that observers see it. */
async function serveLocally(view: View, request: ExchangeRequest, ttlMs: number): Promise<Outcome> {
  return resultOutcome(resultOf(view, request, ttlMs));
}

function resultOf(view: View, request: ExchangeRequest, ttlMs: number): JsonText {
  const target = request.target ?? '';
  const prompt = request.method === 'prompts/get' ? view.prompts.get(target) : undefined;
  if (prompt) return renderPrompt(prompt.record, argumentsOf(request.params));
  const resource = request.method === 'resources/read' ? view.resources.get(target) : undefined;
  if (resource) return readLocalResource(resource.record as ResourceRecord, ttlMs);
  if (request.method === 'completion/complete') return NO_COMPLETION;
  if (TASK_METHODS.has(request.method) && request.client.era === 'modern') throw unknownTask();
  throw new ForgeError('method_not_found', `Method not found: ${request.method.slice(0, 128)}`);
}

function unknownTask(): ForgeError {
  return new ForgeError(
    'invalid_params',
    'Unknown task: params.taskId must be the id of a task of yours at this endpoint',
  );
}

const NO_COMPLETION = JsonText.of({ resultType: 'complete', completion: { values: [], total: 0, hasMore: false } });

function argumentsOf(params: JsonText | undefined): Readonly<Record<string, unknown>> {
  return (params?.member('arguments')?.value ?? {}) as Record<string, unknown>;
}

function cursorOf(params: JsonText | undefined): string | undefined {
  const cursor = params?.member('cursor')?.value;
  if (cursor === undefined || typeof cursor === 'string') return cursor;
  throw new ForgeError('invalid_params', 'cursor must be a string');
}

function namedInfo(upstreamId: string, { catalog, pool }: EndpointParts): { name: string; info: UpstreamInfo }[] {
  const info = pool.get(upstreamId)?.info;
  return info ? [{ name: catalog.snapshot.upstreams.get(upstreamId)?.name ?? upstreamId, info }] : [];
}

/** Waits, but not for long, until every upstream of the view was reached or given up once. */
async function settled(view: View, pool: LivePool, waitMs: number): Promise<void> {
  const unknown = view.upstreamIds.flatMap((id) => {
    const managed = pool.get(id);
    return managed && managed.info === undefined && managed.outage() === undefined
      ? [managed.refresh().catch(() => undefined)]
      : [];
  });
  if (unknown.length === 0) return;
  let stop = (): void => {};
  const patience = new Promise<void>((resolve) => {
    stop = after(waitMs, resolve);
  });
  await Promise.race([Promise.all(unknown), patience]);
  stop();
}
