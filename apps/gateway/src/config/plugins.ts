/** @module Settings: plugins around calls of tools. */
import { z } from 'zod';
import { flag, integer } from './fields.ts';

/** Settings of plugins. */
export const pluginSettings = {
  PLUGINS_ENABLED: flag()
    .default(false)
    .describe('Whether plugins are asked. While they are not, tools whose chains name one cannot be called.'),
  PLUGINS_CONFIG_FILE: z
    .string()
    .default('plugins/config.yaml')
    .describe('File that says which plugins there are; see plugins.md. Read when plugins are enabled.'),
  PLUGINS_PLUGIN_TIMEOUT: integer(1, 3600)
    .default(30)
    .describe('Seconds that a plugin may take before or after one call, unless the file says otherwise.'),
};
