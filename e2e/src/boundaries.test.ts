import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packagesIn, type SourceFile, sourcesOf, type WorkspacePackage } from './harness/workspace.ts';

const published = packagesIn('packages/*', 'apps/*');
const everything = packagesIn('.', 'packages/*', 'apps/*', 'examples/*', 'benchmarks', 'conformance', 'e2e');
const byName = new Map(published.map((one) => [one.name, one]));

/** What depends on something must stand above it. The command-line tools are small apps that are published as packages. */
function layerOf({ folder, isApp }: WorkspacePackage): number {
  if (isApp) return 4;
  if (['translate', 'wrapper'].includes(folder)) return 3;
  return { protocol: 0, core: 1, outgoing: 1.5 }[folder] ?? 2;
}

/** `@forge/x/y` and `pino/file` without their subpaths. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** `path: text` for each thing that a pattern finds. */
function occurrences(pattern: RegExp, files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) => [...text.matchAll(pattern)].map(([found]) => `${path}: ${found}`));
}

describe.each(published)('$name', (one) => {
  const sources = sourcesOf(one);
  const shipped = sources.filter((source) => source.ships);
  const runtime = { ...one.dependencies, ...one.peerDependencies, ...one.optionalDependencies };

  it('has sources', () => expect(shipped).not.toEqual([]));

  it('depends on what stands below it only', () => {
    const wrong = Object.keys(runtime).filter((name) => {
      const other = byName.get(name);
      return other !== undefined && layerOf(other) >= layerOf(one);
    });
    expect(wrong).toEqual([]);
  });

  it('imports at run time only what it declares for run time, and in tests only what it declares', () => {
    const wrong = sources.flatMap(({ path, ships, imports }) => {
      const declared = { ...runtime, ...(!ships && one.devDependencies) };
      return imports
        .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
        .filter((specifier) => !Object.hasOwn(declared, packageOf(specifier)))
        .map((specifier) => `${path}: ${specifier}`);
    });
    expect(wrong).toEqual([]);
  });

  it('reaches into no other folder by a relative path', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith('.'))
        .filter((specifier) => !join(path, '..', specifier).startsWith(`${one.path}/`))
        .map((specifier) => `${path}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('names what it exports', () => {
    expect(occurrences(/^export \*.*$/gm, sources)).toEqual([]);
    if (!one.isApp) expect(occurrences(/^export default\b|\bas default\b/gm, shipped)).toEqual([]);
  });
});

describe.each(published.filter((one) => layerOf(one) <= 1))('$name runs wherever JavaScript does', (one) => {
  const shipped = sourcesOf(one).filter((source) => source.ships);

  it('without a third party', () => {
    const names = Object.keys({ ...one.dependencies, ...one.peerDependencies, ...one.optionalDependencies });
    expect(names.filter((name) => !byName.has(name))).toEqual([]);
  });

  it('without Node', () => {
    expect(shipped.flatMap(({ imports }) => imports.filter((it) => it.startsWith('node:')))).toEqual([]);
    expect(occurrences(/(?<![\w.'"`])(?:process\.\w+|Buffer\.\w+|require\(|__dirname|setImmediate)/g, shipped)).toEqual(
      [],
    );
  });
});

it('the core and the protocol are among what was read', () => {
  expect(published.filter((one) => layerOf(one) <= 1).map(({ name }) => name)).toEqual([
    '@forge/core',
    '@forge/protocol',
  ]);
});

it('engines are checked against the Node that the workspace brings', () => {
  const workspace = readFileSync(new URL('../../pnpm-workspace.yaml', import.meta.url), 'utf8');
  expect(/^nodeVersion: (.+)$/m.exec(workspace)?.[1]).toBe(
    /^  node: (.+)$/m.exec(workspace)?.[1] ?? 'the catalog has none',
  );
});

describe.each(everything)('the manifest of $name', (one) => {
  it('takes third-party versions from the catalog, and its neighbours from the workspace', () => {
    const wrong = Object.entries({ ...one.dependencies, ...one.devDependencies, ...one.optionalDependencies }).filter(
      ([name, version]) =>
        name.startsWith('@forge/') ? !version.startsWith('workspace:') : !version.startsWith('catalog:'),
    );
    expect(wrong).toEqual([]);
  });
});
