/**
 * @module Golden pairs: `golden/NAME.input` goes in, `golden/NAME.txt` is what comes out. To add a case, add the `.input` and run
 * `vitest run -u` once.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseJsonc } from './jsonc.ts';
import { readMcpServers } from './read.ts';

const folder = new URL('golden/', import.meta.url);
const cases = readdirSync(folder).filter((name) => name.endsWith('.input'));
const environment: Record<string, string> = { API_KEY: 'the key' };

describe('mcpServers files', () => {
  it.each(cases)('%s gives what its .txt says', async (name) => {
    const { upstreams, problems } = readMcpServers(name, readFileSync(new URL(name, folder), 'utf8'), {
      environment: (key) => environment[key],
      workspaceFolder: '/work space',
      userHome: '/home/ada',
    });
    const lines = [...problems.map((it) => `problem: ${it}`), ...upstreams.map((it) => JSON.stringify(it))];
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot(`golden/${name.replace('.input', '.txt')}`);
  });
});

describe('JSONC', () => {
  it('reads everything that JSON can say', () => {
    const value = { a: [1, -2.5e3, true, false, null, 'é\n"\\/'], '': {}, b: [] };
    expect(parseJsonc(`\uFEFF${JSON.stringify(value, null, 2)}`).value).toEqual(value);
  });

  it('is not impressed by depth', () => {
    expect(() => parseJsonc('['.repeat(100_000))).toThrow('it nests deeper than 100 levels');
  });

  it.each(['', '{', '{"a"}', '[1 2]', '01', '"\\x"', "{'a': 1}", '{} {}', '/* open', '"a\nb"', 'nul'])(
    'refuses %j',
    (text) => {
      expect(() => parseJsonc(text)).toThrow(expect.objectContaining({ name: 'JsoncError' }));
    },
  );
});
