/** @module The packages of the workspace, as their manifests and sources describe them. */
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { inCheckout } from './paths.ts';

/** One kind of dependency: versions by name. */
export type Versions = Readonly<Record<string, string>>;

/** A package. */
export interface WorkspacePackage {
  readonly name: string;
  readonly version: string;
  /** The name of its folder. */
  readonly folder: string;
  /** Relative to the checkout. */
  readonly path: string;
  readonly isPrivate: boolean;
  readonly isApp: boolean;
  /** Paths of commands by name. */
  readonly bin: Readonly<Record<string, string>>;
  /** What it needs, e.g. `>=20.19`. */
  readonly node: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly peerDependencies: Versions;
  readonly optionalDependencies: Versions;
}

/** A file of TypeScript. */
export interface SourceFile {
  /** Relative to the checkout. */
  readonly path: string;
  readonly text: string;
  /** It ships: neither a test nor what only tests use. */
  readonly ships: boolean;
  /** Specifiers of what it imports and re-exports, dynamically too. */
  readonly imports: readonly string[];
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)(['"])([^'"]+)\1/g;

/** Every package below these folders of the checkout, e.g. `packages/*`. */
export function packagesIn(...patterns: readonly string[]): WorkspacePackage[] {
  return patterns
    .flatMap((pattern) => globSync(`${pattern}/package.json`, { cwd: inCheckout('.') }))
    .toSorted()
    .map((path) => {
      const manifest = JSON.parse(readFileSync(inCheckout(path), 'utf8')) as Record<string, unknown>;
      const versions = (member: string): Versions => (manifest[member] ?? {}) as Versions;
      return {
        name: String(manifest['name']),
        version: String(manifest['version']),
        folder: basename(dirname(path)),
        path: dirname(path),
        isPrivate: manifest['private'] === true,
        isApp: path.startsWith('apps/'),
        bin: versions('bin'),
        node: versions('engines')['node'] ?? '',
        exports: (manifest['exports'] ?? {}) as Record<string, unknown>,
        dependencies: versions('dependencies'),
        devDependencies: versions('devDependencies'),
        peerDependencies: versions('peerDependencies'),
        optionalDependencies: versions('optionalDependencies'),
      };
    });
}

/** The sources of a package. */
export function sourcesOf({ path }: WorkspacePackage): SourceFile[] {
  return globSync(`${path}/src/**/*.{ts,tsx}`, { cwd: inCheckout('.') }).map((file) => {
    const text = readFileSync(inCheckout(file), 'utf8');
    return {
      path: file,
      text,
      ships: !/\.(?:test|fixture)\.tsx?$/.test(file),
      imports: [...text.matchAll(IMPORT)]
        .map(([, , specifier = '']) => specifier)
        .filter((specifier) => !specifier.endsWith('.proto')), // in a text, of another language
    };
  });
}
