/** @module Registered tools, prompts and resources: what may be said about them on top of their definitions. */
import { ForgeError } from '@forge/protocol';
import type { ItemRecord, PromptRecord, ResourceRecord, ToolRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { ListQuery, Page, Repositories, Repository } from '../contracts/store.ts';
import { aggregateName } from '../catalog/naming.ts';
import { canSee, notFound, requireAdmin, requireUnbound, seen, visibleTo } from './access.ts';
import { invalid } from './checks.ts';
import { changedEntity, type EntityInput, nextVersion, type RegistryContext } from './context.ts';
import type { ItemKind } from './rows.ts';

/** Any item. */
export type AnyItem = ToolRecord | PromptRecord | ResourceRecord;

/** An item with what answers say of it besides. */
export type Named<T extends AnyItem> = T & {
  /** Its name in the aggregate of everything (for resources, the URI), unless another one has it already. */
  readonly name: string;
  /** The upstream's slug; absent for Forge's own items. */
  readonly slug?: string | undefined;
};

/** What may change about any item; absent stays. */
export interface ItemPatch extends EntityInput {
  /** Tools and prompts; `null` takes it back. */
  readonly customName?: string | null | undefined;
  readonly description?: string | undefined;
}

/** One kind of item. `id` may be a name wherever one is asked for, where it names one item only. */
export interface ItemRegistry<T extends AnyItem, Patch extends ItemPatch> {
  /** @throws ForgeError `not_found`, `conflict` for a name that several have */
  get(principal: Principal, id: string): Promise<Named<T>>;
  list(principal: Principal, query: ListQuery): Promise<Page<Named<T>>>;
  update(principal: Principal, id: string, patch: Patch): Promise<Named<T>>;
  setEnabled(principal: Principal, id: string, enabled: boolean): Promise<Named<T>>;
  /** An item of an upstream comes back with the next refresh; disabling keeps it away. */
  delete(principal: Principal, id: string): Promise<void>;
}

/** What the kinds do differently. */
export interface KindOptions<T extends AnyItem, Patch extends ItemPatch> {
  readonly kind: ItemKind;
  /** As messages call one of them. */
  readonly noun: string;
  /** Applies what only this kind has. `row` has everything common applied. */
  readonly edit: (row: T, patch: Patch) => T;
}

const CUSTOM_NAME = /^[A-Za-z0-9_./-]{1,64}$/;
const ID = /^[0-9a-f]{32}$/;

/** The registry of one kind. */
export function createItems<T extends AnyItem, Patch extends ItemPatch>(
  context: RegistryContext,
  { kind, noun, edit }: KindOptions<T, Patch>,
): ItemRegistry<T, Patch> {
  const { store } = context;
  const of = (repositories: Repositories): Repository<T> => repositories[kind] as unknown as Repository<T>;
  const withNames = (rows: readonly T[]): Promise<Named<T>[]> => nameItems(store, rows, context.separator);
  const withName = async (row: T): Promise<Named<T>> => (await withNames([row]))[0] as Named<T>;
  const find = async (principal: Principal, ref: string): Promise<T> => {
    const byId = await of(store).get(ref);
    if (byId) return seen(principal, byId, noun, ref);
    if (ID.test(ref)) throw notFound(noun, ref);
    const rows = (await of(store).all()).filter((row) => canSee(principal, row));
    return oneNamed(await withNames(rows), ref, noun);
  };
  const change = async (
    principal: Principal,
    ref: string,
    make: (row: T) => T,
    customName?: string | null,
  ): Promise<Named<T>> => {
    requireAdmin(principal);
    const { id } = await find(principal, ref);
    const next = await store.transaction(async (repositories) => {
      const row = await of(repositories).get(id);
      if (!row) throw notFound(noun, ref);
      const changed = make(row);
      if (typeof customName === 'string') await checkName(context, repositories, kind, id, customName);
      await checkVisibilityOf(repositories, changed);
      await of(repositories).update(changed);
      return changed;
    });
    await context.changed();
    return withName(next);
  };

  return {
    async get(principal, ref) {
      requireUnbound(principal);
      return withName(await find(principal, ref));
    },
    async list(principal, query) {
      requireUnbound(principal);
      const page = await of(store).list({ ...query, visibleTo: visibleTo(principal) });
      return { ...page, items: await withNames(page.items) };
    },
    update: (principal, ref, patch) =>
      change(
        principal,
        ref,
        (row) => {
          const common: T = { ...row, ...changedEntity(context, row, patch) };
          return edit(patch.customName === undefined ? common : withCustomName(common, patch.customName), patch);
        },
        patch.customName,
      ),
    setEnabled: (principal, ref, enabled) => change(principal, ref, (row) => nextVersion(context, { ...row, enabled })),
    async delete(principal, ref) {
      requireAdmin(principal);
      const { id } = await find(principal, ref);
      await of(store).delete(id);
      await context.changed();
    },
  };
}

/** The one row that a name means: by its name in the aggregate, or by its original one. */
export function oneNamed<T extends AnyItem>(rows: readonly Named<T>[], ref: string, noun: string): Named<T> {
  const exact = rows.filter((row) => row.name === ref);
  const fitting = exact.length > 0 ? exact : rows.filter((row) => row.originalName === ref || titleOf(row) === ref);
  const [only, second] = fitting;
  if (!only) throw notFound(noun, ref);
  if (second) throw invalid(noun, `"${ref}" is the name of several: ${fitting.map((row) => row.id).join(', ')}`);
  return only;
}

/** Rows with their names. */
export async function nameItems<T extends AnyItem>(
  { upstreams }: Repositories,
  rows: readonly T[],
  separator: string,
): Promise<Named<T>[]> {
  const ids = new Set(rows.flatMap(({ upstreamId }) => upstreamId ?? []));
  const slugs = new Map<string | undefined, string | undefined>();
  for (const id of ids) slugs.set(id, (await upstreams.get(id))?.slug);
  return rows.map((row) => named(row, slugs.get(row.upstreamId), separator));
}

/** Refuses to change what an upstream says of its item. */
export function refuseForeign(row: ItemRecord, field: string): never {
  throw invalid(field, `comes from the gateway ${row.upstreamId ?? ''} and cannot be changed here`);
}

function named<T extends AnyItem>(row: T, slug: string | undefined, separator: string): Named<T> {
  if ('isTemplate' in row) return { ...row, name: row.originalName, slug };
  const own = slug === undefined ? row.originalName : aggregateName(slug, separator, row.originalName);
  return { ...row, name: row.customName ?? own, slug };
}

/** Resources have URIs; people call them by the `name` of their definitions, too. */
function titleOf(row: AnyItem): unknown {
  return 'isTemplate' in row ? (JSON.parse(row.definition) as { name?: unknown }).name : undefined;
}

function withCustomName<T extends AnyItem>(row: T, customName: string | null): T {
  if ('isTemplate' in row) throw invalid('customName', 'resources are known by their URIs');
  return { ...row, customName: customName === null ? undefined : checkCustomName('customName', customName) };
}

/** A name of an administrator's choice. @throws ForgeError `validation_failed` naming the field */
export function checkCustomName(field: string, name: string): string {
  if (CUSTOM_NAME.test(name)) return name;
  throw invalid(field, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ . / -');
}

/**
 * A name that another item has already would be one too many; the catalog would give it a hash.
 *
 * @throws ForgeError `conflict`
 */
export async function checkName(
  context: RegistryContext,
  repositories: Repositories,
  kind: ItemKind,
  id: string,
  customName: string,
): Promise<void> {
  const others = ((await repositories[kind].all()) as readonly AnyItem[]).filter((row) => row.id !== id);
  const other = (await nameItems(repositories, others, context.separator)).find((row) => row.name === customName);
  if (other) throw new ForgeError('conflict', `"${customName}" is the name of ${other.id} already`);
}

/** An item is never seen by more people than its upstream. */
async function checkVisibilityOf(repositories: Repositories, row: ItemRecord): Promise<void> {
  if (row.visibility !== 'public' || row.upstreamId === undefined) return;
  const upstream = await repositories.upstreams.get(row.upstreamId);
  if (upstream?.visibility === 'private') {
    throw invalid('visibility', `the gateway "${upstream.name}" is private; make that public first`);
  }
}
