/**
 * @module A compiled view: what one audience may see and call at one endpoint. Lists are answered from it and calls are
 * checked by it, so the two cannot disagree.
 */
import { JsonText, type ParamHeader, readParamHeaders, toLegacyTool, toModernTool } from '@forge/protocol';
import type {
  ItemRecord,
  PromptRecord,
  ResourceRecord,
  ServerRecord,
  ToolRecord,
  UpstreamRecord,
} from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import { createListPages, type ListItem, type ListPages } from './list-pages.ts';
import { aggregateName, hashedName } from './naming.ts';
import type { Snapshot } from './snapshot.ts';
import { compileUriTemplate } from './uri-template.ts';

/** Where a name leads. */
export interface Route {
  readonly itemId: string;
  /** `undefined`: Forge serves it itself. */
  readonly upstreamId: string | undefined;
  /** Its name at the upstream. */
  readonly originalName: string;
  readonly record: ItemRecord;
  readonly paramHeaders?: readonly ParamHeader[] | undefined;
}

/** The lists of the protocol. */
export type ListMethod = 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';

/** What one audience may see and call at one endpoint. */
export interface View {
  readonly lists: Readonly<Record<ListMethod, ListPages>>;
  readonly tools: ReadonlyMap<string, Route>;
  readonly prompts: ReadonlyMap<string, Route>;
  readonly resources: ReadonlyMap<string, Route>;
  readonly templates: readonly {
    readonly template: string;
    readonly matches: (uri: string) => boolean;
    readonly route: Route;
  }[];
  /** Upstreams that are part of it, enabled ones. */
  readonly upstreamIds: readonly string[];
  /** The one upstream whose whole lists, unrenamed, are the view. Its unlisted resources may be read, too. */
  readonly wholeUpstream: string | undefined;
  /** Names that belong here but whose upstream cannot be reached: name -> upstream id. */
  readonly missing: ReadonlyMap<string, string>;
}

/** What views depend on besides the snapshot. */
export interface ViewOptions {
  readonly separator: string;
  readonly pageSize: number;
  readonly listTtlMs: number;
  /** Why an upstream's items are left out at the moment, or `undefined` while it is fine. */
  readonly outage: (upstreamId: string) => { since: number; message: string } | undefined;
}

/** Compiles the view of `server` (`undefined`: everything) for a principal. */
export function compileView(
  snapshot: Snapshot,
  server: ServerRecord | undefined,
  principal: Principal,
  options: ViewOptions,
): View {
  const visible = (row: { visibility: string; owner: string; enabled: boolean }): boolean =>
    row.enabled && (row.visibility === 'public' || principal.admin || row.owner === principal.id);
  const upstreams = new Map([...snapshot.upstreams].filter(([, row]) => visible(row)));
  const select = <T extends ItemRecord>(rows: readonly T[], ids: readonly string[] | undefined): T[] => {
    const chosen = new Set(ids);
    const whole = new Set(server?.upstreamIds);
    const age = (row: T): number => upstreams.get(row.upstreamId ?? '')?.createdAt ?? 0;
    const slugOf = (row: T): string => upstreams.get(row.upstreamId ?? '')?.slug ?? '';
    return rows
      .filter(
        (row) =>
          visible(row) &&
          (row.upstreamId === undefined || upstreams.has(row.upstreamId)) &&
          (server === undefined || chosen.has(row.id) || (row.upstreamId !== undefined && whole.has(row.upstreamId))),
      )
      .toSorted(
        (a, b) => age(a) - age(b) || compare(slugOf(a), slugOf(b)) || a.position - b.position || compare(a.id, b.id),
      );
  };
  const tools = select(snapshot.tools, server?.toolIds);
  const prompts = select(snapshot.prompts, server?.promptIds);
  const resources = select(snapshot.resources, server?.resourceIds);
  const upstreamIds = involvedUpstreams(server, upstreams, [...tools, ...prompts, ...resources]);
  const local = [...tools, ...prompts, ...resources].some((row) => row.upstreamId === undefined);
  const single = upstreamIds.length === 1 && !local ? upstreamIds[0] : undefined;
  const renamed =
    server === undefined ||
    server.naming === 'prefixed' ||
    (server.naming === 'auto' && single === undefined && upstreamIds.length > 0);

  const missing = new Map<string, string>();
  const outages = upstreamIds.flatMap((id) => {
    const outage = options.outage(id);
    return outage ? [{ id, ...outage }] : [];
  });
  const down = new Set(outages.map((outage) => outage.id));
  const nameOf = (row: ToolRecord | PromptRecord): string => {
    const upstream = row.upstreamId === undefined ? undefined : upstreams.get(row.upstreamId);
    if (!renamed || !upstream) return row.originalName;
    return row.customName ?? aggregateName(upstream.slug, options.separator, row.originalName);
  };
  const named = <T extends ToolRecord | PromptRecord>(rows: readonly T[]): Map<string, T> => {
    const present = assignNames(rows, nameOf, (row) => upstreams.get(row.upstreamId ?? '')?.slug ?? '');
    for (const [name, row] of present) {
      if (row.upstreamId === undefined || !down.has(row.upstreamId)) continue;
      missing.set(name, row.upstreamId);
      present.delete(name);
    }
    return present;
  };
  const isHere = (row: ItemRecord): boolean => row.upstreamId === undefined || !down.has(row.upstreamId);
  for (const row of resources) if (!isHere(row)) missing.set(row.originalName, row.upstreamId as string);

  const namedTools = named(tools);
  const namedPrompts = named(prompts);
  const plain = firstByName(resources.filter((row) => isHere(row) && !row.isTemplate));
  const templates = firstByName(resources.filter((row) => isHere(row) && row.isTemplate));
  const meta =
    outages.length === 0
      ? undefined
      : JSON.stringify({ 'forge/unavailable': outages.map((outage) => describeOutage(outage, upstreams)) });
  const list = (member: string, items: readonly ListItem[]): ListPages =>
    createListPages(member, items, { pageSize: options.pageSize, ttlMs: options.listTtlMs, meta });

  return {
    lists: {
      'tools/list': list(
        'tools',
        [...namedTools].map(([name, row]) => toolItem(name, row)),
      ),
      'prompts/list': list(
        'prompts',
        [...namedPrompts].map(([name, row]) => plainItem(name, 'name', row)),
      ),
      'resources/list': list(
        'resources',
        [...plain].map(([name, row]) => plainItem(name, 'uri', row)),
      ),
      'resources/templates/list': list(
        'resourceTemplates',
        [...templates].map(([name, row]) => plainItem(name, 'uriTemplate', row)),
      ),
    },
    tools: new Map([...namedTools].map(([name, row]) => [name, { ...routeOf(row), paramHeaders: mirrored(row) }])),
    prompts: new Map([...namedPrompts].map(([name, row]) => [name, routeOf(row)])),
    resources: new Map([...plain].map(([name, row]) => [name, routeOf(row)])),
    templates: [...templates].flatMap(([template, row]) => {
      const matches = compileUriTemplate(template);
      return matches ? [{ template, matches, route: routeOf(row) }] : [];
    }),
    upstreamIds,
    wholeUpstream: single !== undefined && server?.upstreamIds.includes(single) && !renamed ? single : undefined,
    missing,
  };
}

function involvedUpstreams(
  server: ServerRecord | undefined,
  upstreams: ReadonlyMap<string, UpstreamRecord>,
  items: readonly ItemRecord[],
): string[] {
  const involved = new Set(
    server === undefined ? upstreams.keys() : server.upstreamIds.filter((id) => upstreams.has(id)),
  );
  for (const item of items) if (item.upstreamId !== undefined) involved.add(item.upstreamId);
  return [...involved].toSorted();
}

/**
 * Gives each row its name, in the rows' order. Where two rows come to the same name (`a` + `b-c`, `a-b` + `c`), the longer
 * slug keeps it and the others get a hash, so the outcome depends on nobody but the two.
 */
function assignNames<T extends ItemRecord>(
  rows: readonly T[],
  nameOf: (row: T) => string,
  slugOf: (row: T) => string,
): Map<string, T> {
  const keeper = new Map<string, T>();
  for (const row of rows) {
    const name = nameOf(row);
    const rival = keeper.get(name);
    if (!rival || slugOf(row).length > slugOf(rival).length) keeper.set(name, row);
  }
  return new Map(
    rows.map((row) => {
      const name = nameOf(row);
      return [keeper.get(name) === row ? name : hashedName(`${name} ${slugOf(row)} ${row.originalName}`), row];
    }),
  );
}

/** A URI that several upstreams offer belongs to the one registered first. */
function firstByName(rows: readonly ResourceRecord[]): Map<string, ResourceRecord> {
  const first = new Map<string, ResourceRecord>();
  for (const row of rows) if (!first.has(row.originalName)) first.set(row.originalName, row);
  return first;
}

function toolItem(name: string, row: ToolRecord): ListItem {
  const definition = renamedDefinition(name, 'name', row);
  return { name, modern: toModernTool(definition)?.text, legacy: toLegacyTool(definition).text };
}

function plainItem(name: string, member: 'name' | 'uri' | 'uriTemplate', row: PromptRecord | ResourceRecord): ListItem {
  const { text } = renamedDefinition(name, member, row);
  return { name, modern: text, legacy: text };
}

function renamedDefinition(name: string, member: string, row: ItemRecord): JsonText {
  const definition = new JsonText(row.definition);
  return name === row.originalName ? definition : definition.with({ [member]: JSON.stringify(name) });
}

function routeOf(row: ItemRecord): Route {
  return { itemId: row.id, upstreamId: row.upstreamId, originalName: row.originalName, record: row };
}

function mirrored(row: ToolRecord): readonly ParamHeader[] | undefined {
  const schema = new JsonText(row.definition).member('inputSchema');
  const headers = schema?.text.includes('x-mcp-header') ? readParamHeaders(schema) : undefined;
  return headers === undefined || headers === 'invalid' || headers.length === 0 ? undefined : headers;
}

function describeOutage(
  outage: { id: string; since: number; message: string },
  upstreams: ReadonlyMap<string, UpstreamRecord>,
): unknown {
  return {
    gateway: upstreams.get(outage.id)?.name ?? outage.id,
    since: new Date(outage.since).toISOString(),
    reason: outage.message,
  };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
