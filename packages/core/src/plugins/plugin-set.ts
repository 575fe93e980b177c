/** @module The plugins of a Forge: which of them a tool has, whether its chains can be kept, and how each plugin is. */
import type { ToolRecord } from '../contracts/model.ts';
import type { Plugin, PluginEvent, PluginHook, PluginMode } from '../contracts/plugin.ts';
import { invalid } from '../registry/checks.ts';
import { type BoundPlugin, chainOf, type PluginChain, type ToolPlace } from './chain.ts';
import { InstalledPlugin } from './installed-plugin.ts';

/** The chains of a tool. */
export type ToolChains = Pick<ToolRecord, 'pluginChainPre' | 'pluginChainPost'>;

/** A plugin as operators see it. */
export interface PluginView {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly author: string;
  readonly version: string;
  readonly tags: readonly string[];
  readonly hooks: readonly PluginHook[];
  readonly mode: PluginMode;
  readonly priority: number;
  readonly chainOnly: boolean;
  /** Whether it is asked. */
  readonly enabled: boolean;
  /** Why it is no longer asked, when a failure disabled it. */
  readonly error?: string | undefined;
}

/** The plugins of a Forge. */
export interface PluginSet {
  /** In the order of their priorities. */
  list(): readonly PluginView[];
  /** The plugins around calls of a tool; `undefined`: none. Compiled once for each record. */
  chain(tool: ToolRecord, place: ToolPlace): PluginChain | undefined;
  /**
   * Chains as they are kept. What stands in `before` already is not looked at again.
   *
   * @throws ForgeError `validation_failed` naming the chain, the plugin, and those that there are
   */
  check(chains: ToolChains, before?: ToolChains): ToolChains;
  /** Why calls of a tool are refused, if they are: a chain of it names a plugin that cannot do what is asked of it. */
  problem(tool: ToolChains): string | undefined;
  close(): Promise<void>;
}

/** How chains are called, and what their plugins must do. */
const CHAINS = {
  pluginChainPre: 'tool_pre_invoke',
  pluginChainPost: 'tool_post_invoke',
} as const satisfies Record<keyof ToolChains, PluginHook>;
const FIELDS = Object.keys(CHAINS) as readonly (keyof ToolChains)[];
/** Plugins in one chain. */
const MAX_CHAIN = 100;
/** Names that a message has room for. */
const MAX_NAMED = 50;

/** @throws ForgeError `validation_failed` for two plugins of one name */
export function createPlugins(plugins: readonly Plugin[], onEvent: (event: PluginEvent) => void = ignore): PluginSet {
  const installed = plugins
    .map((plugin) => new InstalledPlugin(plugin, onEvent))
    .toSorted((a, b) => a.priority - b.priority);
  const byName = new Map(installed.map((one) => [one.name, one]));
  if (byName.size < installed.length) throw invalid('plugins', 'two of them have the same name');
  const compiled = new WeakMap<ToolRecord, { readonly chain: PluginChain | undefined }>();

  function problemOf(field: keyof ToolChains, name: string): string | undefined {
    const plugin = byName.get(name);
    if (plugin === undefined) return `there is no plugin "${name.slice(0, 100)}"; ${knownNames(byName)}`;
    if (plugin.mode === 'disabled') return `the plugin "${name}" is disabled`;
    const hook = CHAINS[field];
    return plugin.hooks.includes(hook) ? undefined : `the plugin "${name}" has no hook ${hook}`;
  }

  function problem(tool: ToolChains): string | undefined {
    for (const field of FIELDS) {
      for (const name of tool[field] ?? []) {
        const found = problemOf(field, name);
        if (found !== undefined) return `${field}: ${found}`;
      }
    }
    return undefined;
  }

  const named = (names: readonly string[] = []): BoundPlugin[] =>
    names.flatMap((name) => byName.get(name) ?? []).map((plugin) => ({ plugin, serverIds: undefined }));

  return {
    list: () => installed.map((one) => one.view()),
    chain(tool, place) {
      const known = compiled.get(tool);
      if (known !== undefined) return known.chain;
      const refusal = problem(tool);
      const chains = { before: named(tool.pluginChainPre), after: named(tool.pluginChainPost) };
      const chain = chainOf(tool, place, { installed, ...chains, refusal });
      compiled.set(tool, { chain });
      return chain;
    },
    check(chains, before = {}) {
      for (const field of FIELDS) {
        const names = chains[field] ?? [];
        if (names.length > MAX_CHAIN) throw invalid(field, `must be at most ${MAX_CHAIN}`);
        const twice = names.find((name, at) => names.indexOf(name) < at);
        if (twice !== undefined) throw invalid(field, `"${twice.slice(0, 100)}" stands twice`);
        for (const name of names) {
          const found = before[field]?.includes(name) === true ? undefined : problemOf(field, name);
          if (found !== undefined) throw invalid(field, found);
        }
      }
      const { pluginChainPre = [], pluginChainPost = [] } = chains;
      return {
        pluginChainPre: pluginChainPre.length === 0 ? undefined : [...pluginChainPre],
        pluginChainPost: pluginChainPost.length === 0 ? undefined : [...pluginChainPost],
      };
    },
    problem,
    async close() {
      for (const one of installed.toReversed()) await one.close();
    },
  };
}

function knownNames(plugins: ReadonlyMap<string, unknown>): string {
  const names = [...plugins.keys()];
  if (names.length === 0) return 'this Forge has no plugins';
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `there are ${names.slice(0, MAX_NAMED).join(', ')}${more}`;
}

function ignore(): void {}
