/** @module The one place that reads `process.env` and looks for `.env`. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { parseEnvFile } from './env-file.ts';
import { ConfigError, type LoadedSettings, loadSettings, type SettingSources } from './load.ts';

/** The variable of that name, for `${NAME}` in files. */
export function environmentVariable(name: string): string | undefined {
  return process.env[name];
}

/**
 * Settings of this process: flags, environment, `envFile` or else `.env` of the working directory, defaults.
 *
 * @throws ConfigError also when `envFile` cannot be read; a missing `.env` is fine.
 */
export function readSettings(flags: SettingSources['flags'], envFile?: string): LoadedSettings {
  const text = readEnvFile(envFile);
  const file = text === undefined ? undefined : parseEnvFile(envFile ?? '.env', text, environmentVariable);
  return loadSettings({ flags: flags ?? {}, environment: withoutLoaded(envFile === undefined ? '' : text), file });
}

/**
 * The environment as it was. Node takes `--env-file` for its own flag even behind the script's name, and has put the file
 * into the environment by now, which would then hide the file's own lines.
 */
function withoutLoaded(text = ''): NodeJS.ProcessEnv {
  const loaded = parseEnv(text);
  return Object.fromEntries(Object.entries(process.env).filter(([name, value]) => loaded[name] !== value));
}

function readEnvFile(path: string | undefined): string | undefined {
  const name = path ?? '.env';
  try {
    return readFileSync(name, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (path === undefined && code === 'ENOENT') return undefined;
    throw new ConfigError([`${name} cannot be read: ${code === 'ENOENT' ? 'it does not exist' : message}`]);
  }
}
