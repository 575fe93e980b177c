/** @module Reads the file of plugins and makes them; what is wrong with any of them keeps the gateway from starting. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Plugin } from '@forge/core';
import type { Logger } from 'pino';
import { ConfigError } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { makePlugin, type MakeParts } from './make-plugin.ts';
import { type PluginFile, PluginFileSchema } from './schema.ts';

/** Plugins that can be used, and what an operator should know about them. */
export interface LoadedPlugins {
  readonly plugins: readonly Plugin[];
  readonly warnings: readonly string[];
}

type PluginFileSettings = Pick<Settings, 'PLUGINS_ENABLED' | 'PLUGINS_CONFIG_FILE' | 'PLUGINS_PLUGIN_TIMEOUT'>;

/** Settings of ContextForge that there is nothing to be set by. */
const WITHOUT_MEANING = [
  'parallel_execution_within_band',
  'enable_plugin_api',
  'plugin_health_check_interval',
  'include_user_info',
] as const;

/** None where plugins are switched off. @throws ConfigError naming every problem at once */
export async function loadPlugins(settings: PluginFileSettings, log: Logger): Promise<LoadedPlugins> {
  if (!settings.PLUGINS_ENABLED) return { plugins: [], warnings: [] };
  const { locateYaml } = await import('./located-yaml.ts'); // a parser of YAML costs each start what few need
  const path = settings.PLUGINS_CONFIG_FILE;
  const yaml = locateYaml(path, readText(path));
  const parsed = PluginFileSchema.safeParse(yaml.value ?? {});
  if (!parsed.success) throw new ConfigError(yaml.problems(parsed.error.issues, PluginFileSchema));
  const { plugins: entries, plugin_settings: general, plugin_dirs: folders } = parsed.data;
  const problems: string[] = [];
  const parts: MakeParts = {
    yaml,
    log,
    problems,
    places: { folder: dirname(resolve(path)), folders: (folders ?? []).map((folder) => resolve(folder)) },
    timeoutMs: (general?.plugin_timeout ?? settings.PLUGINS_PLUGIN_TIMEOUT) * 1000,
    failOnError: general?.fail_on_plugin_error ?? false,
  };
  const made: Plugin[] = [];
  const names = new Set<string>();
  for (const [index, entry] of (entries ?? []).entries()) {
    const at = ['plugins', index];
    if (names.has(entry.name)) problems.push(yaml.problem([...at, 'name'], `"${entry.name}" stands twice`));
    names.add(entry.name);
    const plugin = await makePlugin(entry, at, parts);
    if (plugin !== undefined) made.push(plugin);
  }
  if (problems.length > 0) {
    for (const plugin of made) await plugin.close?.();
    throw new ConfigError(problems);
  }
  return { plugins: made, warnings: warningsOf(path, general) };
}

function warningsOf(path: string, general: PluginFile['plugin_settings']): string[] {
  const set = WITHOUT_MEANING.filter((key) => general?.[key] !== undefined);
  return set.length === 0 ? [] : [`${path}: plugin_settings: these mean nothing to Forge: ${set.join(', ')}`];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'it does not exist' : message;
    throw new ConfigError([`PLUGINS_CONFIG_FILE: ${path} cannot be read: ${why}`]);
  }
}
