import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Tests read the packages' sources, so a change is seen without a build: `@forge/x/y` is `packages/x/src/y.ts`. */
const alias = readdirSync(new URL('packages', import.meta.url)).flatMap((folder) => {
  const root = new URL(`packages/${folder}/`, import.meta.url);
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    name: string;
    exports?: Record<string, { default: string }>;
  };
  const built = Object.entries(manifest.exports ?? {}).filter(([, target]) => target.default.startsWith('./dist/'));
  return built.map(([subpath, target]) => ({
    find: new RegExp(`^${manifest.name}${subpath.slice(1)}$`),
    replacement: new URL(target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts'), root).pathname,
  }));
});

export default defineConfig({
  resolve: { alias },
  test: {
    include: [
      '{packages,apps}/*/src/**/*.test.ts',
      '{conformance,benchmarks,e2e}/src/**/*.test.ts',
      'docs/**/*.test.ts',
    ],
    testTimeout: 20_000,
  },
});
