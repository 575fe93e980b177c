/** @module What is registered, read once and never changed: the ground that views are compiled from. */
import type {
  PromptRecord,
  ResourceRecord,
  ServerRecord,
  ToolRecord,
  UpstreamRecord,
  UserRecord,
} from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { Store } from '../contracts/store.ts';

/** An immutable reading of the registry. */
export interface Snapshot {
  readonly epoch: number;
  readonly upstreams: ReadonlyMap<string, UpstreamRecord>;
  readonly servers: ReadonlyMap<string, ServerRecord>;
  readonly tools: readonly ToolRecord[];
  readonly prompts: readonly PromptRecord[];
  readonly resources: readonly ResourceRecord[];
  readonly users: ReadonlyMap<string, UserRecord>;
  /** Enabled users as callers, by email. */
  readonly principals: ReadonlyMap<string, Principal>;
  /** Owners of private things: only they need views of their own. */
  readonly privateOwners: ReadonlySet<string>;
}

/** Nothing registered. */
export const EMPTY_SNAPSHOT: Snapshot = {
  epoch: 0,
  upstreams: new Map(),
  servers: new Map(),
  tools: [],
  prompts: [],
  resources: [],
  users: new Map(),
  principals: new Map(),
  privateOwners: new Set(),
};

/** Reads the store. */
export async function loadSnapshot(store: Store, epoch: number): Promise<Snapshot> {
  const [upstreams, servers, tools, prompts, resources, users] = await Promise.all([
    store.upstreams.all(),
    store.servers.all(),
    store.tools.all(),
    store.prompts.all(),
    store.resources.all(),
    store.users.all(),
  ]);
  const privateOwners = new Set<string>();
  for (const rows of [upstreams, servers, tools, prompts, resources]) {
    for (const row of rows) if (row.visibility === 'private') privateOwners.add(row.owner);
  }
  return {
    epoch,
    upstreams: byKey(upstreams, (row) => row.id),
    servers: byKey(servers, (row) => row.id),
    tools,
    prompts,
    resources,
    users: byKey(users, (row) => row.email),
    principals: new Map(
      users.filter((row) => row.enabled).map(({ email, admin }) => [email, Object.freeze({ id: email, admin })]),
    ),
    privateOwners,
  };
}

function byKey<T>(rows: readonly T[], key: (row: T) => string): Map<string, T> {
  return new Map(rows.map((row) => [key(row), row]));
}
