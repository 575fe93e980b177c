/** @module The shape of the file that says which plugins there are: ContextForge's, strictly. */
import type { PluginMode } from '@forge/core';
import { z } from 'zod';

/** Modes by all names that they have. `concurrent` ones are asked in their turn, `fire_and_forget` ones are waited for. */
const MODES = {
  enforce: 'enforce',
  sequential: 'enforce',
  concurrent: 'enforce',
  enforce_ignore_error: 'enforce',
  permissive: 'permissive',
  transform: 'permissive',
  audit: 'audit',
  fire_and_forget: 'audit',
  disabled: 'disabled',
} as const satisfies Record<string, PluginMode>;
const MODE_NAMES = Object.keys(MODES) as [keyof typeof MODES, ...(keyof typeof MODES)[]];

const Text = z.string().max(10_000);
const Names = z.array(z.string().min(1).max(256)).max(1000).nullish();
const Seconds = z.number().positive().max(3600);
const OnError = z.enum(['fail', 'ignore', 'disable']);

const Condition = z.strictObject({
  server_ids: Names,
  tools: Names,
  tenant_ids: Names,
  user_patterns: Names,
  content_types: Names,
  prompts: Names,
  resources: Names,
  agents: Names,
});

const Entry = z.strictObject({
  name: z
    .string()
    .max(256)
    .regex(/^[A-Za-z0-9_.-]+$/, 'must be made of the characters A-Z a-z 0-9 _ . -'),
  kind: z.string().min(1).max(1024),
  description: Text.nullish(),
  version: z.string().max(256).nullish(),
  author: z.string().max(256).nullish(),
  namespace: z.string().max(256).nullish(),
  hooks: z.array(z.string().max(256)).max(100).nullish(),
  tags: z.array(z.string().max(256)).max(100).nullish(),
  mode: z.enum(MODE_NAMES).default('enforce'),
  priority: z.int().min(-1_000_000).max(1_000_000).nullish(),
  conditions: z.array(Condition).max(100).nullish(),
  config: z.record(z.string(), z.unknown()).nullish(),
  on_error: OnError.nullish(),
  // Of Forge.
  timeout: Seconds.optional(),
  chain_only: z.boolean().default(false),
  // Of external plugins.
  mcp: z.unknown().optional(),
  grpc: z.unknown().optional(),
  unix_socket: z.unknown().optional(),
});

/** The whole file. */
export const PluginFileSchema = z.strictObject({
  plugins: z.array(Entry).max(1000).nullish(),
  plugin_dirs: z.array(z.string().min(1).max(4096)).max(100).nullish(),
  plugin_settings: z
    .strictObject({
      plugin_timeout: Seconds.optional(),
      fail_on_plugin_error: z.boolean().default(false),
      parallel_execution_within_band: z.boolean().optional(),
      enable_plugin_api: z.boolean().optional(),
      plugin_health_check_interval: z.number().optional(),
      include_user_info: z.boolean().optional(),
    })
    .nullish(),
});

/** What the file says. */
export type PluginFile = z.output<typeof PluginFileSchema>;

/** What it says of one plugin. */
export type PluginEntry = z.output<typeof Entry>;

/** What a mode means. */
export function modeOf(entry: PluginEntry): PluginMode {
  return MODES[entry.mode];
}

/** What conditions may ask for; whatever else they do would be left out in silence. */
export const CONDITIONS = ['server_ids', 'tools'] as const;
