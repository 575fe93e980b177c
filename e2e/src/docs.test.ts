/** @module The pages about commands say what the commands say about themselves. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inCheckout } from './harness/paths.ts';
import { output } from './harness/process.ts';

interface FlagRow {
  readonly group: string;
  readonly usage: string;
  readonly meaning: string;
}

const OTHER = 'Other';

/** The flags that `--help` lists. */
async function flagsOf(folder: string, ...command: string[]): Promise<FlagRow[]> {
  const bin = inCheckout(`packages/${folder}/bin/forge-${folder}.js`);
  const help = await output({ command: process.execPath, args: [bin, ...command, '--help'] });
  let group = OTHER;
  return help.split('\n').flatMap((line) => {
    if (line === '') group = OTHER;
    group = /^(\S.*):$/.exec(line)?.[1] ?? group;
    const [, usage, meaning] = /^ {2,}((?:-\w, )?--.+?) {2,}(.+)$/.exec(line) ?? [];
    return usage === undefined || meaning === undefined ? [] : [{ group, usage, meaning }];
  });
}

/** The flags in the tables of a page, each below the heading of its group. */
function flagsIn(page: string): FlagRow[] {
  let group = '';
  return page.split('\n').flatMap((line) => {
    group = /^#+ (.+)$/.exec(line)?.[1] ?? group;
    const [, usage, meaning] = /^\| `((?:-\w, )?--.+?)` +\| (.+?) +\|$/.exec(line) ?? [];
    return usage === undefined || meaning === undefined ? [] : [{ group, usage, meaning }];
  });
}

/** The flags in a page's examples. */
function flagsUsedIn(page: string): string[] {
  const blocks = [...page.matchAll(/^```\w+\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) => [...block.matchAll(/(?<=[\s"])--[\w-]+/g)].map(([flag]) => flag));
}

describe.each([
  ['translate', () => flagsOf('translate')],
  [
    'wrapper',
    async () => {
      const ofClients = (await flagsOf('wrapper', 'install')).filter(({ group }) => group === 'Client');
      return [...(await flagsOf('wrapper')), ...ofClients];
    },
  ],
] as const)('docs/%s.md', (name, flags) => {
  const page = readFileSync(inCheckout(`docs/${name}.md`), 'utf8');

  it('lists the flags that --help lists', async () => {
    expect(flagsIn(page)).toEqual(await flags());
  });

  it('has examples of flags that exist', async () => {
    const known = (await flags()).map(({ usage }) => /--[\w-]+/.exec(usage)?.[0]);
    const used = flagsUsedIn(page);
    expect(used).not.toEqual([]);
    expect(known).toEqual(expect.arrayContaining(used));
  });
});
