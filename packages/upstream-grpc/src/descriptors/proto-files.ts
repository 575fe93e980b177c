/** @module `.proto` files as files of descriptors: protobufjs reads them, and what it has read is written down anew. */
import { create } from '@bufbuild/protobuf';
import { Edition, type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ForgeError } from '@forge/protocol';
import type protobuf from 'protobufjs';
import { BUNDLED_FILES } from './bundled.ts';
import { writeDeclarations } from './proto-writer.ts';
import { descriptorJson, protobufjs } from './protobufjs.ts';

const DESCRIPTOR = 'google/protobuf/descriptor.proto';

/**
 * Compiles files of proto2, proto3 and edition 2023. Imports are of files that are given, or of `google/protobuf`; others
 * may be missing as long as nothing of them is used. Custom options and extensions are left out.
 *
 * @param files texts by the names that they import each other by
 * @throws ForgeError `validation_failed` naming file and line where it can
 */
export function compileProtos(files: Readonly<Record<string, string>>): FileDescriptorProto[] {
  try {
    const root = new (protobufjs().Root)();
    const parsed = Object.entries(files).map(([name, text]) => ({ name, ...parse(name, text, root) }));
    for (const imported of new Set(parsed.flatMap(({ imports = [] }) => imports))) addBundled(root, imported);
    root.resolveAll();
    return parsed.map(({ name, package: packageName, imports = [] }) => write(root, name, packageName ?? '', imports));
  } catch (error) {
    throw new ForgeError('validation_failed', `config.protoFiles: ${(error as Error).message}`);
  }
}

function parse(name: string, text: string, root: protobuf.Root): protobuf.IParserResult {
  const parser = protobufjs().parse as typeof protobuf.parse & { filename: string | null };
  parser.filename = name;
  try {
    return parser(text, root, { keepCase: true, alternateCommentMode: true });
  } finally {
    parser.filename = null;
  }
}

function addBundled(root: protobuf.Root, name: string): void {
  if (!BUNDLED_FILES.has(name)) return;
  const json = name === DESCRIPTOR ? descriptorJson() : protobufjs().common.get(name);
  if (json?.nested) root.addJSON(json.nested);
}

/** What of `root` a file has declared. All of it is of an edition, whose features say what the file's syntax implied. */
function write(root: protobuf.Root, name: string, packageName: string, imports: string[]): FileDescriptorProto {
  const namespace = packageName === '' ? root : root.lookup(packageName);
  const declared = namespace instanceof protobufjs().Namespace ? namespace.nestedArray : [];
  const own = declared.filter((item) => item.filename === name);
  const { messages, enums, services, locations } = writeDeclarations(own);
  return create(FileDescriptorProtoSchema, {
    name,
    package: packageName,
    dependency: imports,
    syntax: 'editions',
    edition: Edition.EDITION_2023,
    messageType: messages,
    enumType: enums,
    service: services,
    sourceCodeInfo: { location: locations },
  });
}
