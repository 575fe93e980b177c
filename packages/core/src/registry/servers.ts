/** @module Virtual servers: compositions of items, or of all items of some upstreams. */
import type { ServerRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { ListQuery, Page, Repositories } from '../contracts/store.ts';
import { canSee, notFound, requireAdmin, requireUnbound, seen, visibleTo } from './access.ts';
import { type Associations, resolveAssociations } from './associations.ts';
import { checkLine, checkText, invalid } from './checks.ts';
import { changedEntity, type EntityInput, newEntity, nextVersion, type RegistryContext } from './context.ts';
import { type AnyItem, type Named, nameItems } from './items.ts';
import { LIMITS } from './limits.ts';
import { type ItemKind, rowsOf } from './rows.ts';

/** What a creator says about a virtual server. */
export interface ServerInput extends EntityInput, Associations {
  /** Its own choice: 1 to 64 of `A-Z a-z 0-9 _ -`. @default 32 hexadecimal digits */
  readonly id?: string | undefined;
  readonly name: string;
  readonly description?: string | undefined;
  readonly icon?: string | undefined;
  /** @default 'auto' */
  readonly naming?: ServerRecord['naming'] | undefined;
  /** Revisions of the protocol that it serves, in order of preference. @default all that Forge serves, as is `[]` */
  readonly protocolVersions?: readonly string[] | undefined;
  /** Whether it is published as an A2A agent, too. @default false */
  readonly a2aEnabled?: boolean | undefined;
}

/** What may change; absent stays. Associations are replaced as a whole. */
export type ServerPatch = Partial<Omit<ServerInput, 'id'>>;

/** The virtual servers of a registry. */
export interface ServerRegistry {
  /** @throws ForgeError `validation_failed` naming an association that does not exist, `conflict` for an id or name that does */
  create(principal: Principal, input: ServerInput): Promise<ServerRecord>;
  get(principal: Principal, id: string): Promise<ServerRecord>;
  list(principal: Principal, query: ListQuery): Promise<Page<ServerRecord>>;
  update(principal: Principal, id: string, patch: ServerPatch): Promise<ServerRecord>;
  setEnabled(principal: Principal, id: string, enabled: boolean): Promise<ServerRecord>;
  delete(principal: Principal, id: string): Promise<void>;
  /** What the principal may see of its items of one kind: those chosen and those of whole upstreams. */
  items(principal: Principal, id: string, kind: ItemKind): Promise<readonly Named<AnyItem>[]>;
  /** Names of the items and upstreams in them that the principal may see, by id. */
  names(principal: Principal, servers: readonly ServerRecord[]): Promise<ReadonlyMap<string, string>>;
}

const SERVER_ID = /^[A-Za-z0-9_-]{1,64}$/;
const ITEM_IDS = { tools: 'toolIds', resources: 'resourceIds', prompts: 'promptIds' } as const;

/** The part of a registry that keeps virtual servers. */
export function createServers(context: RegistryContext): ServerRegistry {
  const { store, separator } = context;
  const change = async (
    principal: Principal,
    id: string,
    make: (row: ServerRecord, repositories: Repositories) => ServerRecord | Promise<ServerRecord>,
  ): Promise<ServerRecord> => {
    requireAdmin(principal);
    const next = await store.transaction(async (repositories) => {
      const row = await repositories.servers.get(id);
      if (!row) throw notFound('server', id);
      const changed = await make(row, repositories);
      await repositories.servers.update(changed);
      return changed;
    });
    await context.changed();
    return next;
  };
  const get = async (principal: Principal, id: string): Promise<ServerRecord> => {
    // A credential for one server learns nothing of others, not even that they exist.
    if (principal.serverId !== undefined && principal.serverId !== id) requireUnbound(principal);
    return seen(principal, await store.servers.get(id), 'server', id);
  };

  return {
    get,
    async create(principal, input) {
      requireAdmin(principal);
      if (input.id !== undefined && !SERVER_ID.test(input.id)) {
        throw invalid('id', 'must be 1 to 64 of the characters A-Z a-z 0-9 _ -');
      }
      const entity = newEntity(context, principal, input);
      const row = await store.transaction(async (repositories) => {
        const created: ServerRecord = {
          ...entity,
          id: input.id ?? entity.id,
          ...describe(input),
          protocolVersions: checkVersions(context, input.protocolVersions),
          ...(await resolveAssociations(context, repositories, input)),
        };
        await repositories.servers.insert(created);
        return created;
      });
      await context.changed();
      return row;
    },
    async list(principal, query) {
      if (principal.serverId === undefined) return store.servers.list({ ...query, visibleTo: visibleTo(principal) });
      return { items: [await get(principal, principal.serverId)] };
    },
    update: (principal, id, patch) =>
      change(principal, id, async (row, repositories) => ({
        ...row,
        ...changedEntity(context, row, patch),
        ...describe({ ...row, ...withoutUndefined(patch) }),
        ...(patch.protocolVersions && { protocolVersions: checkVersions(context, patch.protocolVersions) }),
        ...(await resolveAssociations(context, repositories, patch, row)),
      })),
    setEnabled: (principal, id, enabled) => change(principal, id, (row) => nextVersion(context, { ...row, enabled })),
    async delete(principal, id) {
      requireAdmin(principal);
      if (!(await store.servers.delete(id))) throw notFound('server', id);
      await context.changed();
    },
    async items(principal, id, kind) {
      const server = await get(principal, id);
      const chosen = await Promise.all(server[ITEM_IDS[kind]].map((itemId) => store[kind].get(itemId)));
      const whole = await Promise.all(
        server.upstreamIds.map((upstreamId) => rowsOf(store[kind] as Repositories['tools'], upstreamId)),
      );
      const rows = new Map([...chosen, ...whole.flat()].flatMap((row) => (row ? [[row.id, row] as const] : [])));
      return nameItems<AnyItem>(
        store,
        [...rows.values()].filter((row) => canSee(principal, row)),
        separator,
      );
    },
    async names(principal, servers) {
      const rows: AnyItem[] = [];
      for (const kind of ['tools', 'resources', 'prompts'] as const) {
        const ids = new Set(servers.flatMap((server) => server[ITEM_IDS[kind]]));
        const found = await Promise.all([...ids].map((id) => store[kind].get(id)));
        rows.push(...found.flatMap((row) => (row && canSee(principal, row) ? [row] : [])));
      }
      const upstreamIds = new Set(servers.flatMap((server) => server.upstreamIds));
      const upstreams = await Promise.all([...upstreamIds].map((id) => store.upstreams.get(id)));
      const seenUpstreams = upstreams.flatMap((row) => (row && canSee(principal, row) ? [row] : []));
      return new Map([...(await nameItems(store, rows, separator)), ...seenUpstreams].map((row) => [row.id, row.name]));
    },
  };
}

function describe(input: ServerInput): Pick<ServerRecord, 'name' | 'description' | 'icon' | 'naming' | 'a2aEnabled'> {
  const naming = input.naming ?? 'auto';
  if (!['auto', 'original', 'prefixed'].includes(naming)) {
    throw invalid('naming', 'must be "auto", "original" or "prefixed"');
  }
  return {
    name: checkLine('name', input.name, LIMITS.nameLength),
    description: checkText('description', input.description ?? '', LIMITS.descriptionLength),
    icon: input.icon ? checkLine('icon', input.icon, LIMITS.urlLength) : undefined,
    naming,
    a2aEnabled: input.a2aEnabled ?? false,
  };
}

function checkVersions(
  { protocolVersions: served }: RegistryContext,
  versions: readonly string[] = [],
): readonly string[] | undefined {
  const unknown = versions.find((version) => !served.includes(version));
  if (unknown !== undefined) {
    const choice = served.join(', ');
    throw invalid('protocolVersions', `"${unknown.slice(0, 40)}" is not served; a choice of ${choice} can be`);
  }
  return versions.length === 0 ? undefined : [...new Set(versions)];
}

function withoutUndefined(patch: ServerPatch): ServerPatch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
}
