/** @module A store in memory: for tests, for a gateway that keeps nothing, and the specification of every other store. */
import { ForgeError } from '@forge/protocol';
import type { Entity, ItemRecord, UserRecord } from '../contracts/model.ts';
import type { Repositories, Repository, Store } from '../contracts/store.ts';
import { memoryAgentTasks } from './memory-agent-tasks.ts';
import { memoryAudit, memoryRevokedTokens, memorySessionStates } from './memory-history.ts';
import { createMemoryTable, freeze, type MemoryTable } from './memory-table.ts';
import {
  byPosition,
  type Entities,
  type GoneIds,
  orphanError,
  takenError,
  UNIQUE_KEYS,
  withoutIds,
} from './store-rules.ts';

type Tables = { readonly [K in keyof Entities]: MemoryTable<Entities[K]> };

const ITEM_LISTS = { tools: 'toolIds', resources: 'resourceIds', prompts: 'promptIds' } as const;
type ItemKind = keyof typeof ITEM_LISTS;
const ITEM_KINDS = Object.keys(ITEM_LISTS) as ItemKind[];

/**
 * Makes a store that forgets everything when it is dropped. Transactions work on a copy, one after the other; writes
 * outside of them wait, reads see what was committed last.
 *
 * @example
 * const store = createMemoryStore();
 * await store.upstreams.insert(record);
 */
export function createMemoryStore(): Store {
  let tables = createTables();
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  const users = new Map<string, UserRecord>();

  const assertOpen = () => {
    if (closed) throw new ForgeError('internal', 'The store is closed');
  };
  const enqueue = <T>(work: () => T | Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined); // whoever called gets the error; the next in the queue does not
    return result;
  };
  const access: Access = {
    read: async (work) => {
      assertOpen();
      return work(tables);
    },
    write: async (work) => {
      assertOpen();
      return enqueue(() => work(tables));
    },
  };

  return {
    ...repositories(access),
    migrate: () => access.read(() => undefined),
    async transaction(work) {
      assertOpen();
      return enqueue(async () => {
        const draft = copyTables(tables);
        let ended = false;
        const within = async <T>(use: (tables: Tables) => T) => {
          if (ended) throw new ForgeError('internal', 'The transaction has ended');
          return use(draft);
        };
        try {
          const result = await work(repositories({ read: within, write: within }));
          tables = draft;
          return result;
        } finally {
          ended = true;
        }
      });
    },
    users: {
      get: (email) => access.read(() => users.get(email)),
      all: () =>
        access.read(() =>
          [...users.values()].toSorted((a, b) => byPosition({ ...a, id: a.email }, { ...b, id: b.email })),
        ),
      insert: (user) =>
        access.read(() => {
          if (users.has(user.email)) throw takenError('users', 'email');
          users.set(user.email, freeze({ ...user }));
        }),
      put: (user) => access.read(() => void users.set(user.email, freeze({ ...user }))),
      delete: (email) => access.read(() => users.delete(email)),
    },
    revokedTokens: memoryRevokedTokens(access.read),
    sessionStates: memorySessionStates(access.read),
    agentTasks: memoryAgentTasks(access.read),
    audit: memoryAudit(access.read),
    ping: () => access.read(() => undefined),
    async close() {
      closed = true;
      await queue;
    },
  };
}

/** How repositories reach the tables: at once within a transaction, in turn outside of any. */
interface Access {
  readonly read: <T>(work: (tables: Tables) => T) => Promise<T>;
  readonly write: <T>(work: (tables: Tables) => T) => Promise<T>;
}

function repositories(access: Access): Repositories {
  return {
    upstreams: {
      ...repository(access, (tables) => tables.upstreams),
      delete: (id) => access.write((tables) => deleteUpstream(tables, id)),
    },
    tools: itemRepository('tools', access, (tables) => tables.tools),
    resources: itemRepository('resources', access, (tables) => tables.resources),
    prompts: itemRepository('prompts', access, (tables) => tables.prompts),
    servers: repository(access, (tables) => tables.servers),
  };
}

function repository<T extends Entity>(
  { read, write }: Access,
  tableOf: (tables: Tables) => MemoryTable<T>,
): Repository<T> {
  return {
    get: (id) => read((tables) => tableOf(tables).get(id)),
    list: (query) => read((tables) => tableOf(tables).list(query)),
    all: () => read((tables) => tableOf(tables).all()),
    insert: (row) => write((tables) => tableOf(tables).insert(row)),
    update: (row) => write((tables) => tableOf(tables).update(row)),
    delete: (id) => write((tables) => tableOf(tables).delete(id)),
  };
}

function itemRepository<T extends ItemRecord>(
  kind: ItemKind,
  access: Access,
  tableOf: (tables: Tables) => MemoryTable<T>,
): Repository<T> {
  const assertUpstream = (tables: Tables, { upstreamId }: T) => {
    if (upstreamId !== undefined && !tables.upstreams.get(upstreamId)) throw orphanError(kind);
  };
  return {
    ...repository(access, tableOf),
    insert: (row) =>
      access.write((tables) => {
        assertUpstream(tables, row);
        tableOf(tables).insert(row);
      }),
    update: (row) =>
      access.write((tables) => {
        assertUpstream(tables, row);
        tableOf(tables).update(row);
      }),
    delete: (id) =>
      access.write((tables) => {
        if (!tableOf(tables).delete(id)) return false;
        leaveServers(tables, { [ITEM_LISTS[kind]]: new Set([id]) });
        return true;
      }),
  };
}

function deleteUpstream(tables: Tables, id: string): boolean {
  if (!tables.upstreams.delete(id)) return false;
  const gone: GoneIds = { upstreamIds: new Set([id]) };
  for (const kind of ITEM_KINDS) {
    const items: readonly ItemRecord[] = tables[kind].all();
    const ids = items.filter((item) => item.upstreamId === id).map((item) => item.id);
    for (const itemId of ids) tables[kind].delete(itemId);
    gone[ITEM_LISTS[kind]] = new Set(ids);
  }
  leaveServers(tables, gone);
  return true;
}

function leaveServers({ servers }: Tables, gone: GoneIds): void {
  for (const server of servers.all()) {
    const left = withoutIds(server, gone, Date.now());
    if (left) servers.update(left);
  }
}

function createTables(): Tables {
  return {
    upstreams: createMemoryTable('upstreams', UNIQUE_KEYS.upstreams),
    tools: createMemoryTable('tools', UNIQUE_KEYS.tools),
    resources: createMemoryTable('resources', UNIQUE_KEYS.resources),
    prompts: createMemoryTable('prompts', UNIQUE_KEYS.prompts),
    servers: createMemoryTable('servers', UNIQUE_KEYS.servers),
  };
}

function copyTables(tables: Tables): Tables {
  return {
    upstreams: tables.upstreams.copy(),
    tools: tables.tools.copy(),
    resources: tables.resources.copy(),
    prompts: tables.prompts.copy(),
    servers: tables.servers.copy(),
  };
}
