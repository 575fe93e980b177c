/** @module The catalog: the current snapshot and the views compiled from it, swapped whole when something changes. */
import type { Principal } from '../contracts/principal.ts';
import { EMPTY_SNAPSHOT, type Snapshot } from './snapshot.ts';
import { compileView, type View, type ViewOptions } from './view.ts';

/** Views remembered at once; the least recently made goes first. */
const MAX_VIEWS = 1000;
/** Servers remembered for one principal. */
const MAX_RECENT = 64;

/** What principals may see and call. */
export interface Catalog {
  readonly snapshot: Snapshot;
  /** The view at a virtual server (`undefined`: the aggregate of everything), or `undefined` when the principal has none there. */
  view(serverId: string | undefined, principal: Principal): View | undefined;
  /** Takes a new snapshot. */
  replace(snapshot: Snapshot): void;
  /** Something besides the snapshot changed that views depend on: they are compiled anew. */
  invalidate(): void;
  /** Views held at the moment. */
  readonly size: number;
}

/** An empty catalog. */
export function createCatalog(options: ViewOptions): Catalog {
  let snapshot = EMPTY_SNAPSHOT;
  let views = new Map<string, View>();
  /** By principal, then by server: the way of a call, which finds its view without making a key. */
  let recent = new WeakMap<Principal, Map<string | undefined, View>>();

  function compiled(serverId: string | undefined, principal: Principal): View | undefined {
    const key = `${serverId ?? ''}|${audienceOf(snapshot, principal)}`;
    const known = views.get(key);
    if (known) return known;
    const server = serverId === undefined ? undefined : snapshot.servers.get(serverId);
    if (serverId !== undefined && (!server?.enabled || !mayUse(server, principal))) return undefined;
    const view = compileView(snapshot, server, principal, options);
    if (views.size >= MAX_VIEWS) views.delete(views.keys().next().value as string);
    views.set(key, view);
    return view;
  }

  return {
    get snapshot() {
      return snapshot;
    },
    get size() {
      return views.size;
    },
    view(serverId, principal) {
      let own = recent.get(principal);
      const known = own?.get(serverId);
      if (known) return known;
      const view = compiled(serverId, principal);
      if (!view) return undefined;
      if (!own || own.size >= MAX_RECENT) recent.set(principal, (own = new Map()));
      own.set(serverId, view);
      return view;
    },
    replace(next) {
      snapshot = next;
      views = new Map();
      recent = new WeakMap();
    },
    invalidate() {
      views = new Map();
      recent = new WeakMap();
    },
  };
}

/** Principals with equal rights share a view. */
function audienceOf(snapshot: Snapshot, principal: Principal): string {
  if (principal.admin) return 'admin';
  return snapshot.privateOwners.has(principal.id) ? `owner:${principal.id}` : 'public';
}

function mayUse(server: { visibility: string; owner: string }, principal: Principal): boolean {
  return server.visibility === 'public' || principal.admin || server.owner === principal.id;
}
