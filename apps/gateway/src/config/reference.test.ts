/** @module The written reference is what the schema says. To bring it up to date: `pnpm --filter @forge/gateway reference`. */
import { describe, expect, it } from 'vitest';
import { loadSettings } from './load.ts';
import { parseEnvFile } from './env-file.ts';
import { envExample, jsonSchema, referencePage } from './reference.ts';
import { SECTIONS, SETTING_NAMES, settingsSchema } from './schema.ts';

const root = new URL('../../../../', import.meta.url);
const pathOf = (name: string) => new URL(name, root).pathname;

describe('the reference', () => {
  it('page is up to date', async () => {
    await expect(referencePage()).toMatchFileSnapshot(pathOf('docs/configuration.md'));
  });

  it('example file is up to date', async () => {
    await expect(envExample()).toMatchFileSnapshot(pathOf('.env.example'));
  });

  it('JSON Schema is up to date', async () => {
    const text = JSON.stringify(jsonSchema(), null, 2).replaceAll(/\[\s+("[^[\]]*")\s+\]/g, shortList);
    await expect(`${text}\n`).toMatchFileSnapshot(pathOf('docs/configuration.schema.json'));
  });

  it('example file, with every line taken in, is the default configuration', () => {
    const text = envExample().replaceAll(/^#([A-Z_]+=)/gm, '$1');
    const { settings, warnings } = loadSettings({ environment: {}, file: parseEnvFile('.env', text, () => undefined) });
    expect(settings).toEqual(settingsSchema.parse({}));
    expect(warnings).toEqual([]);
  });

  it('describes every setting, once', () => {
    expect(Object.values(SECTIONS).flatMap((shape) => Object.keys(shape))).toEqual(SETTING_NAMES);
    for (const name of SETTING_NAMES) expect(settingsSchema.shape[name].description ?? '', name).toMatch(/\.$/);
  });
});

/** Short lists stand on one line, as the formatter has them. */
function shortList(whole: string, words: string): string {
  const line = `[${words.replaceAll(/\s+/g, ' ')}]`;
  return line.length > 100 ? whole : line;
}
