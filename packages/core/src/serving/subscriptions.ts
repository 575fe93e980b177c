/** @module Who wants to be told what: list changes by view, resources by URI, tasks by id, session traffic by session. */
import {
  type Answer,
  type Ask,
  type Client,
  createRounds,
  type JsonText,
  type Listener,
  type ListenFilter,
  type Listening,
} from '@forge/protocol';
import type { ListMethod, View } from '../catalog/view.ts';
import type { Principal } from '../contracts/principal.ts';
import type { Task } from './tasks.ts';

/** What somebody wants to be told of by one upstream. */
export interface Watched {
  readonly uris: ReadonlySet<string>;
  /** The upstream's own ids. */
  readonly taskIds: ReadonlySet<string>;
}

/** What {@link createSubscriptions} works on. */
export interface SubscriptionsParts {
  /** Finds the view at an endpoint. */
  viewOf(serverId: string | undefined, principal: Principal): View | undefined;
  /** Finds the task of an id that was handed to a principal at an endpoint. */
  taskOf(id: string, serverId: string | undefined, principal: Principal): Promise<Task | undefined>;
  /** Is told, per upstream, all that somebody wants. Resolves when the upstream tells of it. */
  watch(upstreamId: string, watched: Watched): PromiseLike<unknown> | undefined;
}

/** Standing interests of all clients. */
export interface Subscriptions {
  add(serverId: string | undefined, client: Client, filter: ListenFilter, listener: Listener): Listening;
  /** Views may have changed: tells those whose lists did. */
  viewsChanged(): void;
  resourceUpdated(upstreamId: string, uri: string, params: JsonText): void;
  taskChanged(upstreamId: string, taskId: string, params: JsonText): void;
  sessionNote(sessionId: string, method: string, params: JsonText | undefined): void;
  sessionAsk(sessionId: string, ask: Ask): Promise<Answer>;
  readonly size: number;
}

interface Subscription {
  readonly serverId: string | undefined;
  readonly principal: Principal;
  readonly sessionId: string | undefined;
  readonly listener: Listener;
  filter: ListenFilter;
  /** Of the filter, by the ids that the client knows; none until they are read. */
  tasks: ReadonlyMap<string, Task>;
  /** What the client's lists were when it was last told. */
  lists: View['lists'] | undefined;
}

const KINDS: readonly {
  readonly filter: keyof ListenFilter;
  readonly methods: readonly ListMethod[];
  readonly note: string;
}[] = [
  { filter: 'toolsListChanged', methods: ['tools/list'], note: 'notifications/tools/list_changed' },
  { filter: 'promptsListChanged', methods: ['prompts/list'], note: 'notifications/prompts/list_changed' },
  {
    filter: 'resourcesListChanged',
    methods: ['resources/list', 'resources/templates/list'],
    note: 'notifications/resources/list_changed',
  },
];

/** No interests yet. */
export function createSubscriptions({ viewOf, taskOf, watch }: SubscriptionsParts): Subscriptions {
  const all = new Set<Subscription>();
  const rounds = createRounds(all);
  const bySession = new Map<string, Subscription>();
  const watched = new Map<string, Watched & { readonly told: PromiseLike<unknown> | undefined }>();
  let isReconciled = false; // in this turn of the event loop
  /** Resolves when those are reconciled too who came or went since. */
  let outdated: Promise<void> | undefined;
  let catchUp = (): void => {};

  /** At once, and at the end of this turn once more for all who came and went in it: each time everybody is looked at. */
  function reconcileSoon(): void {
    if (isReconciled) {
      outdated ??= new Promise((resolve) => (catchUp = resolve));
      return;
    }
    isReconciled = true;
    setTimeout(() => {
      isReconciled = false;
      if (outdated === undefined) return;
      outdated = undefined;
      reconcileSoon();
      catchUp();
    });
    reconcile();
  }

  /** Brings the upstreams' watch lists in line with what clients want now. */
  function reconcile(): void {
    const wanted = new Map<string, { uris: Set<string>; taskIds: Set<string> }>();
    const of = (upstreamId: string) => {
      const known = wanted.get(upstreamId) ?? { uris: new Set(), taskIds: new Set() };
      wanted.set(upstreamId, known);
      return known;
    };
    for (const one of all) {
      if (!isWatching(one)) continue;
      const view = viewOf(one.serverId, one.principal);
      if (view === undefined) continue;
      for (const uri of one.filter.resourceSubscriptions ?? []) {
        const upstreamId = upstreamOf(view, uri);
        if (upstreamId !== undefined) of(upstreamId).uris.add(uri);
      }
      for (const { upstreamId, taskId } of one.tasks.values()) {
        if (view.upstreamIds.includes(upstreamId)) of(upstreamId).taskIds.add(taskId);
      }
    }
    for (const upstreamId of new Set([...watched.keys(), ...wanted.keys()])) {
      const next = wanted.get(upstreamId) ?? NOTHING;
      const before = watched.get(upstreamId) ?? NOTHING;
      if (sameSet(next.uris, before.uris) && sameSet(next.taskIds, before.taskIds)) continue;
      const told = watch(upstreamId, next);
      if (next === NOTHING) watched.delete(upstreamId);
      else watched.set(upstreamId, { ...next, told });
    }
  }

  /** When the upstreams tell of somebody's resources. */
  function readyFor(one: Subscription): PromiseLike<unknown> | undefined {
    if (!one.filter.resourceSubscriptions?.length) return undefined;
    return outdated === undefined ? toldOf(one) : outdated.then(() => toldOf(one));
  }

  function toldOf({ serverId, principal, filter }: Subscription): Promise<unknown> {
    const view = viewOf(serverId, principal);
    const upstreamIds = new Set(filter.resourceSubscriptions?.map((uri) => view && upstreamOf(view, uri)));
    return Promise.all([...upstreamIds].flatMap((upstreamId) => watched.get(upstreamId ?? '')?.told ?? []));
  }

  /** Reads the filter's task ids, and has them watched if somebody still wants that. */
  async function findTasks(one: Subscription): Promise<void> {
    const tasks = new Map<string, Task>();
    for (const id of one.filter.taskIds ?? []) {
      const task = await taskOf(id, one.serverId, one.principal);
      if (task !== undefined) tasks.set(id, task);
    }
    if (!all.has(one)) return;
    one.tasks = tasks;
    reconcileSoon();
  }

  return {
    get size() {
      return all.size;
    },
    add(serverId, client, filter, listener) {
      const principal = client.caller as Principal;
      const one: Subscription = {
        serverId,
        principal,
        sessionId: client.sessionId,
        listener,
        filter,
        tasks: NO_TASKS,
        lists: viewOf(serverId, principal)?.lists,
      };
      all.add(one);
      if (one.sessionId !== undefined) bySession.set(one.sessionId, one);
      if (isWatching(one)) reconcileSoon();
      if (filter.taskIds?.length) void findTasks(one);
      return {
        get ready() {
          return readyFor(one);
        },
        update(next) {
          one.filter = next;
          reconcileSoon();
        },
        close() {
          all.delete(one);
          if (one.sessionId !== undefined && bySession.get(one.sessionId) === one) bySession.delete(one.sessionId);
          if (isWatching(one)) reconcileSoon();
        },
      };
    },
    viewsChanged() {
      rounds.begin('lists', (one) => {
        const lists = viewOf(one.serverId, one.principal)?.lists;
        const before = one.lists;
        one.lists = lists;
        if (lists === before) return;
        for (const kind of KINDS) {
          const changed = kind.methods.some((method) => lists?.[method].fingerprint !== before?.[method].fingerprint);
          if (changed && one.filter[kind.filter]) one.listener.note(kind.note, undefined);
        }
      });
      if (watched.size > 0 || [...all].some(isWatching)) reconcileSoon();
    },
    resourceUpdated(upstreamId, uri, params) {
      rounds.begin(`${upstreamId} ${uri}`, (one) => {
        const wanted = one.filter.resourceSubscriptions?.filter(
          (watched) => uri === watched || uri.startsWith(`${watched}/`),
        );
        if (wanted === undefined || wanted.length === 0) return;
        const view = viewOf(one.serverId, one.principal);
        // Only of what is its own: another upstream's resources are nothing that it could know of.
        const isIts = wanted.some((watched) => view !== undefined && upstreamOf(view, watched) === upstreamId);
        if (isIts) one.listener.note('notifications/resources/updated', params);
      });
    },
    taskChanged(upstreamId, taskId, params) {
      for (const one of all) {
        for (const [id, task] of one.tasks) {
          if (task.taskId !== taskId || task.upstreamId !== upstreamId) continue;
          const view = viewOf(one.serverId, one.principal);
          if (!view?.upstreamIds.includes(upstreamId)) continue;
          one.listener.note('notifications/tasks', params.with({ taskId: JSON.stringify(id) }));
        }
      }
    },
    sessionNote(sessionId, method, params) {
      bySession.get(sessionId)?.listener.note(method, params);
    },
    sessionAsk(sessionId, ask) {
      const listener = bySession.get(sessionId)?.listener;
      if (listener?.ask) return listener.ask(ask);
      return Promise.resolve({ error: { code: -32600, message: 'No client is there to be asked' } });
    },
  };
}

const NOTHING: Watched = { uris: new Set(), taskIds: new Set() };
const NO_TASKS: ReadonlyMap<string, Task> = new Map();

/** Whether somebody wants to be told of something single. */
function isWatching({ filter, tasks }: Subscription): boolean {
  return tasks.size > 0 || (filter.resourceSubscriptions?.length ?? 0) > 0;
}

/** Which upstream a URI leads to in a view. */
function upstreamOf(view: View, uri: string): string | undefined {
  const route = view.resources.get(uri) ?? view.templates.find(({ matches }) => matches(uri))?.route;
  return route ? route.upstreamId : view.wholeUpstream;
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((value) => b.has(value));
}
