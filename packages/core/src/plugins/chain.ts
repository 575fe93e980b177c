/** @module The plugins around calls of one tool, in their order: those that its chains name, then those that every tool has. */
import type { ToolRecord } from '../contracts/model.ts';
import type { PluginCondition } from '../contracts/plugin.ts';
import type { InstalledPlugin } from './installed-plugin.ts';

/** What is known of a tool besides its record. */
export interface ToolPlace {
  /** Its names in aggregates. */
  readonly names: readonly string[];
  /** Whether its upstream sends the headers of a request. */
  readonly takesHeaders: boolean;
}

/** A plugin in a chain. */
export interface BoundPlugin {
  readonly plugin: InstalledPlugin;
  /** Virtual servers at which it counts. @default everywhere */
  readonly serverIds: ReadonlySet<string> | undefined;
}

/** The plugins around calls of one tool. */
export interface PluginChain {
  /** Why no call can be made, if none can. */
  readonly refusal: string | undefined;
  readonly before: readonly BoundPlugin[];
  readonly after: readonly BoundPlugin[];
  readonly takesHeaders: boolean;
}

/** What a chain is made of. */
export interface ChainParts {
  /** All plugins, in the order of their priorities. */
  readonly installed: readonly InstalledPlugin[];
  /** Those that the tool names. */
  readonly before: readonly BoundPlugin[];
  readonly after: readonly BoundPlugin[];
  readonly refusal: string | undefined;
}

/** Compiles the chain of a tool; `undefined` where nothing is around it. */
export function chainOf(tool: ToolRecord, place: ToolPlace, parts: ChainParts): PluginChain | undefined {
  const { refusal, installed } = parts;
  const names = [tool.id, tool.originalName, ...place.names];
  const general = installed.flatMap((plugin) => bound(plugin, names) ?? []);
  const before = inOrder(parts.before, general).filter(({ plugin }) => plugin.hooks.includes('tool_pre_invoke'));
  const after = inOrder(parts.after, general).filter(({ plugin }) => plugin.hooks.includes('tool_post_invoke'));
  if (refusal === undefined && before.length + after.length === 0) return undefined;
  return { refusal, before, after, takesHeaders: place.takesHeaders };
}

/** Plugins for all have the last word, before and after; none is asked twice. */
function inOrder(named: readonly BoundPlugin[], general: readonly BoundPlugin[]): readonly BoundPlugin[] {
  const first = new Set(named.map(({ plugin }) => plugin));
  return [...named, ...general.filter(({ plugin }) => !first.has(plugin))].filter(
    ({ plugin }) => plugin.mode !== 'disabled',
  );
}

/** A plugin without a chain, where its conditions may fit the tool. */
function bound(plugin: InstalledPlugin, names: readonly string[]): BoundPlugin | undefined {
  if (plugin.chainOnly) return undefined;
  const { conditions } = plugin;
  if (conditions.length === 0) return { plugin, serverIds: undefined };
  const fitting = conditions.filter(({ tools }) => isAny(tools) || tools.some((name) => names.includes(name)));
  if (fitting.length === 0) return undefined;
  return { plugin, serverIds: serversOf(fitting) };
}

/** All servers of the conditions; one without any fits everywhere. */
function serversOf(conditions: readonly PluginCondition[]): ReadonlySet<string> | undefined {
  const ids: string[] = [];
  for (const { serverIds } of conditions) {
    if (isAny(serverIds)) return undefined;
    ids.push(...serverIds);
  }
  return new Set(ids);
}

function isAny(list: readonly string[] | undefined): list is undefined {
  return list === undefined || list.length === 0;
}
