/** @module The routes of plugins. */
import type { PluginView, Registry } from '@forge/core';
import * as contract from '../contract/plugins.ts';
import { type Route, route } from '../http/serve.ts';
import type { ApiCallbacks } from './callbacks.ts';

/** Serves plugins. */
export function pluginRoutes({ plugins }: Registry, { pluginsEnabled = true }: ApiCallbacks): Route[] {
  return [
    route(contract.listPlugins, ({ query }) => {
      const found = plugins.list().filter((plugin) => fits(plugin, query));
      const enabledCount = found.filter(({ enabled }) => enabled).length;
      return {
        pluginsGloballyEnabled: pluginsEnabled,
        plugins: found.map(pluginView),
        total: found.length,
        enabledCount,
        disabledCount: found.length - enabledCount,
      };
    }),
  ];
}

interface Wanted {
  readonly search?: string | undefined;
  readonly mode?: string | undefined;
  readonly hook?: string | undefined;
  readonly tag?: string | undefined;
}

function fits(plugin: PluginView, { search = '', mode, hook, tag }: Wanted): boolean {
  const text = `${plugin.name} ${plugin.description} ${plugin.author}`.toLowerCase();
  return (
    text.includes(search.toLowerCase()) &&
    (mode === undefined || mode === plugin.mode) &&
    (hook === undefined || plugin.hooks.some((one) => one === hook)) &&
    (tag === undefined || plugin.tags.includes(tag))
  );
}

function pluginView({ enabled, error, hooks, tags, ...plugin }: PluginView) {
  return {
    ...plugin,
    hooks: [...hooks],
    tags: [...tags],
    status: enabled ? ('enabled' as const) : ('disabled' as const),
    error: error ?? null,
  };
}
