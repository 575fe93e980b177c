/** @module Who wants to be told what: list changes by view, resource updates by URI, session traffic by session. */
import type { Answer, Ask, Client, JsonText, Listener, ListenFilter, Listening } from '@forge/protocol';
import type { ListMethod, View } from '../catalog/view.ts';
import type { Principal } from '../contracts/principal.ts';

/** Finds the view at an endpoint. */
export type ViewOf = (serverId: string | undefined, principal: Principal) => View | undefined;

/** Standing interests of all clients. */
export interface Subscriptions {
  add(serverId: string | undefined, client: Client, filter: ListenFilter, listener: Listener): Listening;
  /** Views may have changed: tells those whose lists did. */
  viewsChanged(): void;
  resourceUpdated(upstreamId: string, uri: string, params: JsonText): void;
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

/** `watch` is told, per upstream, the whole set of URIs that somebody wants. */
export function createSubscriptions(
  viewOf: ViewOf,
  watch: (upstreamId: string, uris: ReadonlySet<string>) => void,
): Subscriptions {
  const all = new Set<Subscription>();
  const bySession = new Map<string, Subscription>();
  const watched = new Map<string, ReadonlySet<string>>();

  /** Brings the upstreams' watch lists in line with what clients want now. */
  function reconcile(): void {
    const wanted = new Map<string, Set<string>>();
    for (const one of all) {
      if (!one.filter.resourceSubscriptions?.length) continue;
      const view = viewOf(one.serverId, one.principal);
      for (const uri of one.filter.resourceSubscriptions) {
        const upstreamId = view && upstreamOf(view, uri);
        if (upstreamId === undefined) continue;
        const uris = wanted.get(upstreamId) ?? new Set();
        wanted.set(upstreamId, uris.add(uri));
      }
    }
    for (const upstreamId of new Set([...watched.keys(), ...wanted.keys()])) {
      const uris = wanted.get(upstreamId) ?? new Set<string>();
      if (sameSet(uris, watched.get(upstreamId))) continue;
      if (uris.size === 0) watched.delete(upstreamId);
      else watched.set(upstreamId, uris);
      watch(upstreamId, uris);
    }
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
        lists: viewOf(serverId, principal)?.lists,
      };
      all.add(one);
      if (one.sessionId !== undefined) bySession.set(one.sessionId, one);
      if (filter.resourceSubscriptions?.length) reconcile();
      return {
        update(next) {
          one.filter = next;
          reconcile();
        },
        close() {
          all.delete(one);
          if (one.sessionId !== undefined && bySession.get(one.sessionId) === one) bySession.delete(one.sessionId);
          if (one.filter.resourceSubscriptions?.length) reconcile();
        },
      };
    },
    viewsChanged() {
      for (const one of all) {
        const lists = viewOf(one.serverId, one.principal)?.lists;
        const before = one.lists;
        one.lists = lists;
        if (lists === before) continue;
        for (const kind of KINDS) {
          const changed = kind.methods.some((method) => lists?.[method].fingerprint !== before?.[method].fingerprint);
          if (changed && one.filter[kind.filter]) one.listener.note(kind.note, undefined);
        }
      }
      if (watched.size > 0 || [...all].some((one) => one.filter.resourceSubscriptions?.length)) reconcile();
    },
    resourceUpdated(upstreamId, uri, params) {
      for (const one of all) {
        const wants = one.filter.resourceSubscriptions?.some(
          (wanted) => uri === wanted || uri.startsWith(`${wanted}/`),
        );
        if (!wants) continue;
        const view = viewOf(one.serverId, one.principal);
        if (view?.upstreamIds.includes(upstreamId)) one.listener.note('notifications/resources/updated', params);
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

/** Which upstream a URI leads to in a view. */
function upstreamOf(view: View, uri: string): string | undefined {
  const route = view.resources.get(uri) ?? view.templates.find(({ matches }) => matches(uri))?.route;
  return route ? route.upstreamId : view.wholeUpstream;
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string> | undefined): boolean {
  return a.size === (b?.size ?? 0) && [...a].every((value) => b?.has(value));
}
