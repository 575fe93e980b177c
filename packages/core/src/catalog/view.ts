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
import type { PluginChain, ToolPlace } from '../plugins/chain.ts';
import { createListPages, type ListItem, type ListPages } from './list-pages.ts';
import { aggregateName, hashedName } from './naming.ts';
import { isVisible, selectRows, type Selection } from './selection.ts';
import type { Snapshot } from './snapshot.ts';
import { withUiResources } from './ui-resources.ts';
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
  /** Of a tool: the plugins around its calls. */
  readonly chain?: PluginChain | undefined;
}

/** The lists of the protocol. */
export type ListMethod = 'tools/list' | 'prompts/list' | 'resources/list' | 'resources/templates/list';

/** Names that belong to a view but whose upstream cannot be reached: name -> upstream id. */
export interface Missing {
  readonly tools: ReadonlyMap<string, string>;
  readonly prompts: ReadonlyMap<string, string>;
  readonly resources: ReadonlyMap<string, string>;
}

/** What one audience may see and call at one endpoint. */
export interface View {
  readonly lists: Readonly<Record<ListMethod, ListPages>>;
  readonly tools: ReadonlyMap<string, Route>;
  readonly prompts: ReadonlyMap<string, Route>;
  readonly resources: ReadonlyMap<string, Route>;
  readonly templates: readonly TemplateRoute[];
  /** Upstreams that are part of it, enabled ones. */
  readonly upstreamIds: readonly string[];
  /** The one upstream whose whole lists, unrenamed, are the view. Its unlisted resources may be read, too. */
  readonly wholeUpstream: string | undefined;
  /** URIs of its resources that exist, but not for this audience. */
  readonly hidden: ReadonlySet<string>;
  readonly missing: Missing;
}

/** Where the URIs of a template lead. */
export interface TemplateRoute {
  readonly template: string;
  readonly matches: (uri: string) => boolean;
  readonly route: Route;
}

/** What views depend on besides the snapshot. */
export interface ViewOptions {
  readonly separator: string;
  readonly pageSize: number;
  readonly listTtlMs: number;
  /** How long an upstream's lists may be remembered, where it says so. */
  readonly listTtlOf: (upstreamId: string) => number | undefined;
  /** Why an upstream's items are left out at the moment, or `undefined` while it is fine. */
  readonly outage: (upstreamId: string) => { since: number; message: string } | undefined;
  /** The plugins around calls of a tool; asked with each record once. */
  readonly chain: (tool: ToolRecord, place: ToolPlace) => PluginChain | undefined;
}

/** Compiles the view of `server` (`undefined`: everything) for a principal. */
export function compileView(
  snapshot: Snapshot,
  server: ServerRecord | undefined,
  principal: Principal,
  options: ViewOptions,
): View {
  const selection = selectRows(snapshot, server, principal);
  const { upstreamIds, single } = selection;
  const renames = isRenamed(server, selection);
  const name = (rows: readonly (ToolRecord | PromptRecord)[]) =>
    assignNames(rows, selection.upstreams, renames ? options.separator : undefined);
  const down = new Set(upstreamIds.filter((id) => options.outage(id) !== undefined));
  const tools = withoutMissing(name(selection.tools), down);
  const prompts = withoutMissing(name(selection.prompts), down);
  const resources = withoutMissing(firstByName(selection.resources.filter((row) => !row.isTemplate)), down);
  const templates = withoutMissing(firstByName(selection.resources.filter((row) => row.isTemplate)), down);
  const toolRoutes = routesOf(tools.here, (row) => options.chain(row, placeOf(row, selection.upstreams, options)));
  const hidden = snapshot.resources.filter((row) => !isVisible(row, principal));
  const meta = outageMeta(down, selection, options);
  const ttlMs = Math.min(options.listTtlMs, ...upstreamIds.map((id) => options.listTtlOf(id) ?? Infinity));
  const list = (member: string, items: readonly ListItem[]): ListPages =>
    createListPages(member, items, { pageSize: options.pageSize, ttlMs, meta });

  return {
    lists: {
      'tools/list': list('tools', itemsOf(tools.here, toolItem)),
      'prompts/list': list('prompts', itemsOf(prompts.here, plainItem('name'))),
      'resources/list': list('resources', itemsOf(resources.here, plainItem('uri'))),
      'resources/templates/list': list('resourceTemplates', itemsOf(templates.here, plainItem('uriTemplate'))),
    },
    tools: toolRoutes,
    prompts: routesOf(prompts.here),
    resources: withUiResources(routesOf(resources.here), toolRoutes, hidden),
    templates: [...routesOf(templates.here)].flatMap(([template, route]) => {
      const matches = compileUriTemplate(template);
      return matches ? [{ template, matches, route }] : [];
    }),
    upstreamIds,
    wholeUpstream: single !== undefined && !renames && server?.upstreamIds.includes(single) ? single : undefined,
    hidden: new Set(hidden.filter((row) => row.upstreamId === single).map((row) => row.originalName)),
    missing: { tools: tools.missing, prompts: prompts.missing, resources: resources.missing },
  };
}

function isRenamed(server: ServerRecord | undefined, { single, upstreamIds }: Selection): boolean {
  if (server === undefined || server.naming === 'prefixed') return true;
  return server.naming === 'auto' && single === undefined && upstreamIds.length > 0;
}

/**
 * Gives each row its name, in the rows' order: its own where there is no separator. Where two rows come to the same name
 * (`a` + `b-c`, `a-b` + `c`), the longer slug keeps it and the others get a hash, so the outcome depends on nobody but
 * the two.
 */
function assignNames(
  rows: readonly (ToolRecord | PromptRecord)[],
  upstreams: ReadonlyMap<string, UpstreamRecord>,
  separator: string | undefined,
): Map<string, ItemRecord> {
  const slugOf = ({ upstreamId }: ItemRecord): string => upstreams.get(upstreamId ?? '')?.slug ?? '';
  const nameOf = (row: ToolRecord | PromptRecord): string => {
    if (separator === undefined || row.upstreamId === undefined) return row.originalName;
    return row.customName ?? aggregateName(slugOf(row), separator, row.originalName);
  };
  const keeper = new Map<string, ItemRecord>();
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
function firstByName(rows: readonly ResourceRecord[]): Map<string, ItemRecord> {
  const first = new Map<string, ItemRecord>();
  for (const row of rows) if (!first.has(row.originalName)) first.set(row.originalName, row);
  return first;
}

/** Parts the names whose upstream is out from the others. */
function withoutMissing(named: ReadonlyMap<string, ItemRecord>, down: ReadonlySet<string>) {
  const here = new Map<string, ItemRecord>();
  const missing = new Map<string, string>();
  for (const [name, row] of named) {
    if (row.upstreamId !== undefined && down.has(row.upstreamId)) missing.set(name, row.upstreamId);
    else here.set(name, row);
  }
  return { here, missing };
}

/** `_meta` of every list: what is missing, since when and why. */
function outageMeta(down: ReadonlySet<string>, { upstreams }: Selection, options: ViewOptions): string | undefined {
  if (down.size === 0) return undefined;
  const unavailable = [...down].map((id) => {
    const { since = 0, message } = options.outage(id) ?? {};
    return { gateway: upstreams.get(id)?.name ?? id, since: new Date(since).toISOString(), reason: message };
  });
  return JSON.stringify({ 'forge/unavailable': unavailable });
}

function itemsOf(rows: ReadonlyMap<string, ItemRecord>, item: (name: string, row: ItemRecord) => ListItem): ListItem[] {
  return [...rows].map(([name, row]) => item(name, row));
}

function toolItem(name: string, row: ItemRecord): ListItem {
  const definition = renamedDefinition(name, 'name', row);
  return { name, modern: toModernTool(definition)?.text, legacy: toLegacyTool(definition).text };
}

function plainItem(member: 'name' | 'uri' | 'uriTemplate'): (name: string, row: ItemRecord) => ListItem {
  return (name, row) => {
    const { text } = renamedDefinition(name, member, row);
    return { name, modern: text, legacy: text };
  };
}

function renamedDefinition(name: string, member: string, row: ItemRecord): JsonText {
  const definition = new JsonText(row.definition);
  return name === row.originalName ? definition : definition.with({ [member]: JSON.stringify(name) });
}

function routesOf(
  rows: ReadonlyMap<string, ItemRecord>,
  chainOf: (row: ItemRecord) => PluginChain | undefined = () => undefined,
): Map<string, Route> {
  return new Map(
    [...rows].map(([name, row]) => {
      const { id: itemId, upstreamId, originalName } = row;
      const chain = chainOf(row);
      return [name, { itemId, upstreamId, originalName, record: row, paramHeaders: mirrored(row), chain }];
    }),
  );
}

/** Its names in aggregates whether it has them here or not: what holds for a name holds for the tool, everywhere. */
function placeOf(
  row: ToolRecord,
  upstreams: ReadonlyMap<string, UpstreamRecord>,
  { separator }: ViewOptions,
): ToolPlace {
  const upstream = upstreams.get(row.upstreamId ?? '');
  const own = row.customName === undefined ? [] : [row.customName];
  const names = upstream ? [...own, aggregateName(upstream.slug, separator, row.originalName)] : own;
  return { names, takesHeaders: upstream?.transport === 'rest' };
}

function mirrored(row: ItemRecord): readonly ParamHeader[] | undefined {
  if (!row.definition.includes('x-mcp-header')) return undefined;
  const schema = new JsonText(row.definition).member('inputSchema');
  const headers = schema && readParamHeaders(schema);
  return headers === undefined || headers === 'invalid' || headers.length === 0 ? undefined : headers;
}
