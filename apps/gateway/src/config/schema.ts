/** @module The schema of all settings, composed of the modules' own. */
import { z } from 'zod';
import { authSettings } from './auth.ts';
import { limitSettings } from './limits.ts';
import { loggingSettings } from './logging.ts';
import { outgoingSettings } from './outgoing.ts';
import { pluginSettings } from './plugins.ts';
import { serverSettings } from './server.ts';
import { storageSettings } from './storage.ts';

/** The modules' settings under the headings that the reference shows, in its order. */
export const SECTIONS = {
  Server: serverSettings,
  Storage: storageSettings,
  Authentication: authSettings,
  'Limits and timing': limitSettings,
  'Outgoing requests': outgoingSettings,
  Plugins: pluginSettings,
  Logging: loggingSettings,
} as const;

/** Reads the text of environment variables by name; strict. */
export const settingsSchema = z.strictObject({
  ...serverSettings,
  ...storageSettings,
  ...authSettings,
  ...limitSettings,
  ...outgoingSettings,
  ...pluginSettings,
  ...loggingSettings,
});

/** Every setting, by the name of its environment variable. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;

/** The name of a setting. */
export type SettingName = keyof Settings;

/** Names of all settings. */
export const SETTING_NAMES = Object.keys(settingsSchema.shape) as readonly SettingName[];
