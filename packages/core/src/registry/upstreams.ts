/** @module Registered upstreams: they are connected when they are registered, and nothing is kept of one that cannot be. */
import { ForgeError } from '@forge/protocol';
import type { UpstreamRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { ListQuery, Page, Repositories } from '../contracts/store.ts';
import type { Discovered, UpstreamStatus } from '../contracts/upstream-pool.ts';
import type { ToolChains } from '../plugins/plugin-set.ts';
import { notFound, requireAdmin, requireUnbound, seen, visibleTo } from './access.ts';
import { invalid } from './checks.ts';
import { changedEntity, newEntity, nextVersion, type RegistryContext } from './context.ts';
import { keepPlainNames, plainSlug } from './plain-names.ts';
import { applyDiscovered, changedAnything, type RefreshResult } from './refresh.ts';
import { type ItemKind, rowsOf } from './rows.ts';
import { keepByName, keepHeaders, maskUpstream, sealUpstream, unsealUpstream } from './secrets.ts';
import { toUpstream, type UpstreamInput } from './upstream-input.ts';
import { isGrpcUrl, isWebSocketUrl } from './upstream-url.ts';

/** What may change; absent stays, `null` takes an optional field back to its default. */
export type UpstreamPatch = Partial<Pick<UpstreamInput, 'name'>> & {
  readonly [Field in Exclude<keyof UpstreamInput, 'name'>]?: UpstreamInput[Field] | null;
};

/** What a change of an upstream does to its tools. */
export interface UpdateOptions {
  /** Those of each of its tools, as a whole. @default they stay */
  readonly chains?: ToolChains | undefined;
}

/** How an upstream is created. */
export interface CreateOptions extends UpdateOptions {
  /** Its tools have their own names in aggregates, without a prefix. @default false */
  readonly plainNames?: boolean;
}

/** The upstreams of a registry. Records that it returns have their secrets masked. */
export interface UpstreamRegistry {
  /** @throws ForgeError `validation_failed`, `conflict`, `upstream_*` (then nothing is kept) */
  create(principal: Principal, input: UpstreamInput, options?: CreateOptions): Promise<UpstreamRecord>;
  /** By id. @throws ForgeError `not_found` */
  get(principal: Principal, id: string): Promise<UpstreamRecord>;
  list(principal: Principal, query: ListQuery): Promise<Page<UpstreamRecord>>;
  /** Where the way to reach it changes and it is enabled, it is connected anew first; if that fails nothing changes. */
  update(principal: Principal, id: string, patch: UpstreamPatch, options?: UpdateOptions): Promise<UpstreamRecord>;
  setEnabled(principal: Principal, id: string, enabled: boolean): Promise<UpstreamRecord>;
  /** With all its items. */
  delete(principal: Principal, id: string): Promise<void>;
  /**
   * Reads its lists anew; callers at the same time share one refresh. The pool passes what it has read already.
   *
   * @throws ForgeError `not_found`, `conflict` when it is disabled, `upstream_*`
   */
  refresh(principal: Principal, id: string, discovered?: Discovered): Promise<RefreshResult>;
  status(id: string): UpstreamStatus;
  /** What the last refresh on this replica did, if there was one. */
  lastRefresh(id: string): RefreshResult | undefined;
}

const KINDS: readonly ItemKind[] = ['tools', 'resources', 'prompts'];

/** The upstream part of a registry. */
export function createUpstreams(context: RegistryContext): UpstreamRegistry {
  const { store, pool, sealer } = context;
  const reading = new Map<string, Promise<RefreshResult>>();
  const applying = new Map<string, Promise<RefreshResult>>();
  const last = new Map<string, RefreshResult>();

  const stored = async (id: string): Promise<UpstreamRecord> => {
    const row = await store.upstreams.get(id);
    if (!row) throw notFound('gateway', id);
    return row;
  };
  const applyNow = async (id: string, discovered: Discovered): Promise<RefreshResult> => {
    const result = await store.transaction(async (repositories) => {
      const row = await repositories.upstreams.get(id);
      if (!row) throw notFound('gateway', id);
      return applyDiscovered(context, repositories, row, discovered);
    });
    last.set(id, result);
    if (changedAnything(result)) await context.changed();
    return result;
  };
  /** Readings of one upstream are stored in the order in which they come. */
  const apply = (id: string, discovered: Discovered): Promise<RefreshResult> => {
    const run = () => applyNow(id, discovered);
    const before = applying.get(id);
    return track(applying, id, before ? before.then(run, run) : run()); // a failure is told to its own caller
  };
  const readAndApply = async (id: string): Promise<RefreshResult> => {
    const row = await stored(id);
    if (!row.enabled) throw new ForgeError('conflict', `The gateway "${row.name}" is disabled; activate it first`);
    return apply(id, await pool.discover(await unsealUpstream(sealer, row)));
  };

  return {
    async create(principal, input, { plainNames = false, chains } = {}) {
      requireAdmin(principal);
      if (chains) context.plugins.check(chains);
      const entity = newEntity(context, principal, input);
      const made = toUpstream(entity, input, context.addresses);
      const record = plainNames ? { ...made, slug: plainSlug(entity.id) } : made;
      checkStdio(context, record);
      pool.check(record);
      await checkUnique(context, record);
      const discovered = record.enabled ? await pool.discover(record) : undefined;
      const row = await sealUpstream(sealer, record);
      const result = await store.transaction(async (repositories) => {
        await repositories.upstreams.insert(row);
        const applied = discovered && (await applyDiscovered(context, repositories, row, discovered));
        if (plainNames) await keepPlainNames(context, repositories, row);
        if (chains) await setChains(context, repositories, row, chains);
        return applied;
      });
      if (result) last.set(row.id, result);
      await context.changed();
      return maskUpstream(row);
    },
    async get(principal, id) {
      requireUnbound(principal);
      return maskUpstream(seen(principal, await store.upstreams.get(id), 'gateway', id));
    },
    async list(principal, query) {
      requireUnbound(principal);
      const page = await store.upstreams.list({ ...query, visibleTo: visibleTo(principal) });
      return { ...page, items: page.items.map(maskUpstream) };
    },
    async update(principal, id, patch, { chains } = {}) {
      requireAdmin(principal);
      const current = await unsealUpstream(sealer, await stored(id));
      const next = patched(context, current, patch);
      if (next.name !== current.name) await checkUnique(context, next);
      const moved = addressOf(next) !== addressOf(current);
      if (moved) checkStdio(context, next);
      if (moved) pool.check(next);
      const discovered = moved && next.enabled ? await pool.discover(next) : undefined;
      const row = await sealUpstream(sealer, next);
      const result = await store.transaction(async (repositories) => {
        await repositories.upstreams.update(row);
        if (row.visibility !== current.visibility) await passOnVisibility(context, repositories, row);
        const applied = discovered && (await applyDiscovered(context, repositories, row, discovered));
        if (chains) await setChains(context, repositories, row, chains);
        return applied;
      });
      if (result) last.set(id, result);
      await context.changed();
      return maskUpstream(row);
    },
    async setEnabled(principal, id, enabled) {
      requireAdmin(principal);
      const row = await stored(id);
      if (row.enabled === enabled) return maskUpstream(row);
      if (enabled) checkStdio(context, row);
      const next = nextVersion(context, { ...row, enabled });
      await store.upstreams.update(next);
      await context.changed();
      return maskUpstream(next);
    },
    async delete(principal, id) {
      requireAdmin(principal);
      const existed = await store.transaction((repositories) => repositories.upstreams.delete(id));
      if (!existed) throw notFound('gateway', id);
      last.delete(id);
      await context.changed();
    },
    async refresh(principal, id, discovered) {
      requireAdmin(principal);
      if (discovered) return apply(id, discovered);
      return reading.get(id) ?? track(reading, id, readAndApply(id));
    },
    status: (id) => pool.status(id),
    lastRefresh: (id) => last.get(id),
  };
}

/** Remembers a promise under `id` until it settles. */
function track<T>(promises: Map<string, Promise<T>>, id: string, promise: Promise<T>): Promise<T> {
  const forget = (): void => {
    if (promises.get(id) === promise) promises.delete(id);
  };
  promises.set(id, promise);
  promise.then(forget, forget);
  return promise;
}

/** Running commands is a right of its own. */
function checkStdio(context: RegistryContext, record: UpstreamRecord): void {
  if (record.transport !== 'stdio' || context.allowStdio) return;
  throw new ForgeError('forbidden', 'This gateway does not launch commands: upstreams on stdio are switched off');
}

/** Said before anything is connected; the store holds it against races. */
async function checkUnique({ store }: RegistryContext, record: UpstreamRecord): Promise<void> {
  const rows = await store.upstreams.all();
  const other = rows.find((row) => row.id !== record.id && (row.name === record.name || row.slug === record.slug));
  if (!other) return;
  const hint = other.enabled ? '' : '; it is inactive: activate it instead';
  throw new ForgeError('conflict', `The gateway "${other.name}" (${other.id}) has this name${hint}`, {
    data: { id: other.id, enabled: other.enabled },
  });
}

/** The record after a change; secrets in the clear on both sides. */
function patched(context: RegistryContext, current: UpstreamRecord, patch: UpstreamPatch): UpstreamRecord {
  const given = Object.fromEntries(
    Object.entries(patch)
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [field, value ?? undefined]),
  ) as Partial<UpstreamInput>;
  const kind = kindChange(current, given);
  const merged: UpstreamInput = {
    ...(kind ? withoutAddress(current) : current),
    ...(given.url !== undefined && changesScheme(current, given.url) ? { transport: undefined } : {}),
    ...given,
    ...(given.headers ? { headers: keepHeaders(given.headers, current.headers) } : {}),
    ...(given.env ? { env: keepByName('env', given.env, current.env) } : {}),
    ...(given.secrets ? { secrets: keepByName('secrets', given.secrets, current.secrets) } : {}),
  };
  const made = toUpstream(changedEntity(context, current, given), merged, context.addresses);
  const next = made.name === current.name ? { ...made, slug: current.slug } : made;
  const sent = new Set(given.headers?.map((header) => header.value.trim()));
  const keepsSecret =
    next.headers.some((header) => !sent.has(header.value)) ||
    Object.entries(next.secrets ?? {}).some(([name, value]) => given.secrets?.[name] !== value);
  if (keepsSecret && goesElsewhere(context, next, current)) {
    throw invalid('headers', 'the gateway moves to another host: send its credentials again, or none');
  }
  return next;
}

/** Whether secrets would be sent to where they were not sent before. */
function goesElsewhere({ pool }: RegistryContext, next: UpstreamRecord, current: UpstreamRecord): boolean {
  pool.check(next);
  const known = new Set(pool.destinations(current));
  return pool.destinations(next).some((origin) => !known.has(origin));
}

/** Whether a patch turns an upstream on stdio into one by URL, or back; or into one in this process, or out of it. */
function kindChange(current: UpstreamRecord, given: Partial<UpstreamInput>): boolean {
  const next = given.transport ?? current.transport;
  if ((next === 'in-process') !== (current.transport === 'in-process')) return true;
  return current.transport === 'stdio' ? given.url !== undefined : given.command !== undefined;
}

/** Whether another URL asks for WebSocket or gRPC where the one before did not, or no longer does. */
function changesScheme({ transport }: UpstreamRecord, url: string): boolean {
  return isWebSocketUrl(url) !== (transport === 'websocket') || isGrpcUrl(url) !== (transport === 'grpc');
}

function withoutAddress({ name, description, era, timeoutMs }: UpstreamRecord): UpstreamInput {
  return { name, description, era, timeoutMs };
}

/** Equal texts: reached in the same way. */
function addressOf(record: UpstreamRecord): string {
  const { transport, url, command, args, env, cwd, headers, config, secrets, era } = record;
  return JSON.stringify([transport, url, command, args, env, cwd, headers, config, secrets, era]);
}

/** Within the transaction that stores the tools: none of them can be called without its chains. */
async function setChains(
  context: RegistryContext,
  repositories: Repositories,
  { id }: UpstreamRecord,
  chains: ToolChains,
): Promise<void> {
  for (const row of await rowsOf(repositories.tools, id)) {
    const checked = context.plugins.check(chains, row);
    await repositories.tools.update(nextVersion(context, { ...row, ...checked }));
  }
}

/** An item is never seen by more people than its upstream; a change of the upstream's visibility is one of all its items. */
async function passOnVisibility(
  context: RegistryContext,
  repositories: Repositories,
  { id, visibility }: UpstreamRecord,
): Promise<void> {
  for (const kind of KINDS) {
    const repository = repositories[kind] as Repositories['tools'];
    for (const row of await rowsOf(repository, id)) {
      if (row.visibility !== visibility) await repository.update(nextVersion(context, { ...row, visibility }));
    }
  }
}
