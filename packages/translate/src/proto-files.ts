/** @module `.proto` files of a command line, with what they import, as texts by the names that they import each other by. */
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { UsageError } from '@forge/cli';

/** Files of one server, those that are imported included. */
const MAX_FILES = 1000;
/** Characters of all of them: what reads them takes longer than in proportion. */
const MAX_LENGTH = 4_194_304;
/** Folders that an import is looked for in. */
const MAX_UP = 16;

interface Found {
  name: string;
  readonly text: string;
}

/**
 * Reads files and what they import. An import is looked for in the folder of who imports it, then in each one above. What is
 * not found is left out: it may be one that needs no file, such as `google/protobuf/empty.proto`.
 *
 * @throws UsageError where a file cannot be read, or there are too many
 */
export async function readProtoFiles(files: readonly string[]): Promise<Record<string, string>> {
  const found = new Map<string, Found>();
  const waiting = files.map((file) => ({ path: resolve(file), name: relative('.', file), isImported: false }));
  let length = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { path, name, isImported } = next;
    const known = found.get(path);
    if (known !== undefined) {
      if (isImported) known.name = name;
      continue;
    }
    const text = await read(path, name);
    length += text.length;
    if (found.size >= MAX_FILES || length > MAX_LENGTH)
      throw new UsageError(
        `--grpc-proto: with what they import there are over ${MAX_FILES} files or ${MAX_LENGTH} characters.`,
      );
    found.set(path, { name, text });
    for (const imported of importsOf(text)) {
      const at = await find(imported, dirname(path));
      if (at !== undefined) waiting.push({ path: at, name: imported, isImported: true });
    }
  }
  return Object.fromEntries([...found.values()].map((one) => [one.name, one.text]));
}

async function read(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--grpc-proto: ${name} cannot be read: ${(error as Error).message}`);
  }
}

function importsOf(text: string): string[] {
  const names = [...text.matchAll(/^[^\S\n]*import\s+(?:(?:public|weak)\s+)?["']([^"'\n]+)["']\s*;/gm)].map(
    ([, name = '']) => name,
  );
  return names.filter((name) => !isAbsolute(name) && !name.split(/[/\\]/).includes('..'));
}

async function find(name: string, folder: string): Promise<string | undefined> {
  let above = folder;
  for (let up = 0; up < MAX_UP; up += 1) {
    const path = join(above, name);
    if (await isFile(path)) return path;
    if (dirname(above) === above) return undefined;
    above = dirname(above);
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
