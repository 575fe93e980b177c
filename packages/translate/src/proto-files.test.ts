import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { UsageError } from '@forge/cli';
import { expect, it, onTestFinished } from 'vitest';
import { readProtoFiles } from './proto-files.ts';

/** Writes files; the path of one of them. */
function folderOf(files: Readonly<Record<string, string>>): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'forge-protos-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return (name) => join(folder, name);
}

it('finds what is imported, by the names of the imports', async () => {
  const at = folderOf({
    'shop/v1/shop.proto':
      'import "shop/v1/money.proto";\nimport public "beside.proto";\nimport "google/protobuf/empty.proto";',
    'shop/v1/money.proto': '  import weak "shop/v1/shop.proto";',
    'shop/v1/beside.proto': `// import "unused.proto";${'\n'.repeat(100_000)}`,
    'unused.proto': '',
  });
  const files = await readProtoFiles([at('shop/v1/shop.proto')]);
  expect(Object.keys(files).toSorted()).toEqual(['beside.proto', 'shop/v1/money.proto', 'shop/v1/shop.proto']);
});

it('takes each file once, however it is named', async () => {
  const at = folderOf({ 'a.proto': 'import "b.proto";', 'b.proto': 'syntax = "proto3";' });
  const files = await readProtoFiles([at('b.proto'), at('a.proto'), at('./a.proto')]);
  expect(files).toEqual({ [relative('.', at('a.proto'))]: 'import "b.proto";', 'b.proto': 'syntax = "proto3";' });
});

it('leaves files alone that an import leads out to', async () => {
  const at = folderOf({ 'in/a.proto': 'import "../secret.proto";\nimport "/etc/hostname";', 'secret.proto': '' });
  expect(Object.keys(await readProtoFiles([at('in/a.proto')]))).toHaveLength(1);
});

it.each([
  ['no-such.proto', {}, /^--grpc-proto: .*no-such\.proto cannot be read: ENOENT/],
  ['big.proto', { 'big.proto': ' '.repeat(4_194_305) }, /^--grpc-proto: .*over 1000 files/],
])('refuses %s', async (name, files, message) => {
  const reading = readProtoFiles([folderOf(files)(name)]);
  await expect(reading).rejects.toThrow(UsageError);
  await expect(reading).rejects.toThrow(message);
});
