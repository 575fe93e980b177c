/**
 * @module Golden pairs: `golden/NAME.yaml` goes in, `golden/NAME.txt` is what comes out. To add a case, add the `.yaml` and
 * run `vitest run -u` once.
 */
import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigError } from '../config/load.ts';
import { loadPlugins } from './load.ts';

const folder = new URL('golden/', import.meta.url);
const cases = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const log = pino({ level: 'silent' });

beforeEach(() => vi.stubEnv('TENANT', 'acme'));
afterEach(() => vi.unstubAllEnvs());

describe('the file of plugins', () => {
  it.each(cases)('%s gives what its .txt says', async (name) => {
    const file = relative(process.cwd(), new URL(name, folder).pathname);
    const outcome = (await load(file)).replaceAll(file, name);
    await expect(outcome).toMatchFileSnapshot(`golden/${name.replace('.yaml', '.txt')}`);
  });

  it('is not read while plugins are switched off', async () => {
    expect(await loadPlugins(settings('nowhere.yaml', false), log)).toEqual({ plugins: [], warnings: [] });
  });

  it('must be there when they are switched on', async () => {
    expect(await load('nowhere.yaml')).toBe(
      'error: PLUGINS_CONFIG_FILE: nowhere.yaml cannot be read: it does not exist\n',
    );
  });
});

function settings(file: string, enabled = true) {
  return { PLUGINS_ENABLED: enabled, PLUGINS_CONFIG_FILE: file, PLUGINS_PLUGIN_TIMEOUT: 30 };
}

async function load(file: string): Promise<string> {
  try {
    const { plugins, warnings } = await loadPlugins(settings(file), log);
    const lines = plugins.map(({ name, beforeCall, afterCall, about, ...rest }) => {
      const hooks = [...(beforeCall ? ['before'] : []), ...(afterCall ? ['after'] : [])].join(' and ') || 'never';
      return `${name}: asked ${hooks} ${JSON.stringify(rest)} ${JSON.stringify(about)}`;
    });
    for (const plugin of plugins) await plugin.close?.();
    return [...warnings.map((warning) => `warning: ${warning}`), ...lines].map((line) => `${line}\n`).join('');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => `error: ${problem}\n`).join('');
  }
}
