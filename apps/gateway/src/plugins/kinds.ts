/** @module What the `kind` of a plugin leads to: a plugin that ships, or a module of the operator's own. */
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { didYouMean } from '@forge/cli';
import type { PluginHooks } from '@forge/core';
import type { Guardrail } from '@forge/guardrails';
import type { Logger } from 'pino';
import { PLUGIN_KINDS } from '../modules.ts';

/** What a module's `createPlugin` gets besides its configuration. */
export interface PluginContext {
  /** The plugin's name in the file. */
  readonly name: string;
  readonly log: Logger;
}

/** A kind that was found. */
export type Kind =
  | { readonly guardrail: Guardrail }
  | { readonly create: (config: unknown, context: PluginContext) => Promise<PluginHooks> };

/** Where modules are looked for. */
export interface KindPlaces {
  /** Of the file that names the kind. */
  readonly folder: string;
  /** `plugin_dirs`. */
  readonly folders: readonly string[];
}

const PYTHON = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\.[A-Z]\w*$/;

/** @throws Error saying what is wrong with the kind */
export async function findKind(kind: string, places: KindPlaces): Promise<Kind> {
  const guardrail = PLUGIN_KINDS.find((one) => one.kind === kind || one.aliases.includes(kind));
  if (guardrail !== undefined) return { guardrail };
  const shipped = PLUGIN_KINDS.map((one) => one.kind);
  if (kind === 'external') throw new Error('external plugins are not supported yet');
  if (PYTHON.test(kind)) {
    throw new Error(`is a class of Python, and no plugin that ships does the same; there are ${shipped.join(', ')}`);
  }
  const url = await moduleUrl(kind, places);
  if (url === undefined) {
    const hint = didYouMean(kind, shipped) || ` Plugins that ship are ${shipped.join(', ')}.`;
    throw new Error(`leads to no plugin that ships, no file and no package.${hint}`);
  }
  return { create: createByModule(url) };
}

/** A file beside the configuration or in one of the folders, or a package that is installed there. */
async function moduleUrl(kind: string, { folder, folders }: KindPlaces): Promise<string | undefined> {
  const candidates = isAbsolute(kind) ? [kind] : [folder, ...folders].map((one) => resolve(one, kind));
  for (const path of candidates)
    if (/\.[cm]?[jt]s$/.test(path) && (await exists(path))) return pathToFileURL(path).href;
  if (!/^(?:@[\w.-]+\/)?[\w.-]+(?:\/[\w./-]+)?$/.test(kind)) return undefined;
  for (const one of [folder, ...folders]) {
    try {
      return pathToFileURL(createRequire(resolve(one, 'plugins.js')).resolve(kind)).href;
    } catch {
      continue; // not installed there: the next folder may have it
    }
  }
  return undefined;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function createByModule(url: string) {
  return async (config: unknown, context: PluginContext): Promise<PluginHooks> => {
    const { createPlugin } = (await import(url)) as { createPlugin?: unknown };
    if (typeof createPlugin !== 'function') throw new Error('the module exports no function createPlugin');
    const hooks: unknown = await createPlugin(config, context);
    if (typeof hooks === 'object' && hooks !== null) return hooks;
    throw new Error('createPlugin returned no object');
  };
}
