/** @module Flags that several commands share, and the settings that they stand for. */
import type { FlagValues, Flags } from '@forge/cli';
import type { SettingName } from '../config/schema.ts';

/** Where settings come from. */
export const sourceFlags = {
  'env-file': { type: 'string', value: 'FILE', help: 'Read settings from FILE instead of .env.' },
  'data-dir': {
    type: 'string',
    value: 'DIR',
    help: 'Directory of database and secrets (FORGE_DATA_DIR). Default ./data.',
  },
} as const satisfies Flags;

/** What is served, and where. */
export const serveFlags = {
  host: { type: 'string', value: 'ADDRESS', help: 'Address to listen on (HOST). Default 127.0.0.1.' },
  port: { type: 'integer', short: 'p', range: [0, 65_535], help: 'Port; 0 takes a free one (PORT). Default 4444.' },
  config: { type: 'string', short: 'c', value: 'FILE', help: 'Register the servers of an mcpServers file.' },
  ...sourceFlags,
} as const satisfies Flags;

/** Settings given by flags; a flag beats every other source. */
export function settingsOf(values: FlagValues<typeof serveFlags>): Partial<Record<SettingName, string>> {
  const { host, port, 'data-dir': dataDir } = values;
  return {
    ...(host === undefined ? {} : { HOST: host }),
    ...(port === undefined ? {} : { PORT: String(port) }),
    ...(dataDir === undefined ? {} : { FORGE_DATA_DIR: dataDir }),
  };
}
