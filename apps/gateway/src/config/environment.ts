/** @module The one place that reads `process.env` and looks for `.env`. */
import { readFileSync } from 'node:fs';
import { type EnvFile, parseEnvFile } from './env-file.ts';
import { ConfigError, type LoadedSettings, loadSettings, type SettingSources } from './load.ts';

/** The variable of that name, for `${NAME}` in files. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/** `PATH` and its kin for children of the gateway. */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

/**
 * Settings of this process: flags, environment, `envFile` or else `.env` of the working directory, defaults.
 *
 * @throws ConfigError also when `envFile` cannot be read; a missing `.env` is fine.
 */
export function readSettings(flags: SettingSources['flags'], envFile?: string): LoadedSettings {
  return loadSettings({ flags: flags ?? {}, environment: process.env, file: readEnvFile(envFile) });
}

function readEnvFile(path: string | undefined): EnvFile | undefined {
  const name = path ?? '.env';
  try {
    return parseEnvFile(name, readFileSync(name, 'utf8'), environmentVariable);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (path === undefined && code === 'ENOENT') return undefined;
    throw new ConfigError([`${name} cannot be read: ${code === 'ENOENT' ? 'it does not exist' : message}`]);
  }
}
