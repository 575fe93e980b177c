/**
 * @module Golden pairs: `golden/NAME.env` goes in, `golden/NAME.txt` is what comes out. To add a case, add the `.env` and run
 * `vitest run -u` once. `#! environment: A=1 B=2` and `#! flags: PORT=1` on top of a file add the other sources.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEnvFile } from './env-file.ts';
import { ConfigError, type LoadedSettings, loadSettings } from './load.ts';
import { settingsSchema } from './schema.ts';

const folder = new URL('golden/', import.meta.url);
const cases = readdirSync(folder).filter((name) => name.endsWith('.env'));

describe('settings', () => {
  it.each(cases)('%s gives what its .txt says', async (name) => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    await expect(outcome(text)).toMatchFileSnapshot(`golden/${name.replace('.env', '.txt')}`);
  });
});

function outcome(text: string): string {
  const environment = pragma(text, 'environment');
  try {
    const file = parseEnvFile('.env', text, (name) => environment[name]);
    return render(loadSettings({ file, environment, flags: pragma(text, 'flags') }));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => `error: ${problem}\n`).join('');
  }
}

/** Warnings, then the settings that are not at their default. */
function render({ settings, warnings }: LoadedSettings): string {
  const defaults: Record<string, unknown> = settingsSchema.parse({});
  const lines = [
    ...warnings.map((warning) => `warning: ${warning}`),
    ...Object.entries(settings).flatMap(([name, value]) => {
      const shown = JSON.stringify(value);
      return shown === JSON.stringify(defaults[name]) ? [] : [`${name} = ${shown}`];
    }),
  ];
  return `${lines.join('\n') || 'defaults'}\n`;
}

function pragma(text: string, name: string): Record<string, string> {
  const words = new RegExp(`^#! ${name}: (.*)$`, 'm').exec(text)?.[1]?.split(' ') ?? [];
  return Object.fromEntries(words.map((word) => word.split('=', 2) as [string, string]));
}
