/** @module Types out of files of descriptors, in whatever order and however complete they come. */
import { create, createFileRegistry, createRegistry, type FileRegistry, type Registry } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ForgeError } from '@forge/protocol';
import { BUNDLED, BUNDLED_FILES } from './bundled.ts';
import { createLinker } from './linker.ts';

/** What files describe. */
export interface Described {
  readonly files: FileRegistry;
  /** Their types, and those that everybody has: what an `Any` may hold. */
  readonly types: Registry;
}

/**
 * Puts files together by what they refer to, not by what they import: some sources leave imports out, and many imports
 * are of options only. The files belong to the result.
 *
 * @throws ForgeError `upstream_error` saying what in them is wrong
 */
export function describe(files: readonly FileDescriptorProto[]): Described {
  try {
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: inOrder(files) }));
    return { files: registry, types: createRegistry(...BUNDLED, registry) };
  } catch (error) {
    throw new ForgeError('upstream_error', `The descriptors cannot be used: ${(error as Error).message}`);
  }
}

/** Each file after those that it needs. */
function inOrder(files: readonly FileDescriptorProto[]): FileDescriptorProto[] {
  const bundled = [...BUNDLED_FILES.values()];
  const own = files.filter(({ name }) => !BUNDLED_FILES.has(name));
  const linker = createLinker(bundled, own);
  const ordered = [...bundled];
  const done = new Set(bundled);
  const open = new Set<FileDescriptorProto>();
  const visit = (file: FileDescriptorProto): void => {
    if (done.has(file)) return;
    if (open.has(file)) throw new Error(`${file.name} needs itself, by way of other files`);
    open.add(file);
    for (const needed of linker.link(file)) visit(needed);
    done.add(file);
    ordered.push(file);
  };
  for (const file of own) visit(file);
  return ordered;
}
