/** @module The messages of gRPC server reflection (v1 and v1alpha are alike), as far as they are needed. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** What can be asked. */
export type ReflectionQuestion =
  | { readonly listServices: true }
  | { readonly fileOfSymbol: string }
  | { readonly fileByName: string };

/** What is answered: one of the three. */
export interface ReflectionAnswer {
  /** `FileDescriptorProto`s. */
  readonly files?: readonly Uint8Array[];
  readonly services?: readonly string[];
  readonly error?: string;
}

// ServerReflectionRequest
const FILE_BY_FILENAME = 3;
const FILE_CONTAINING_SYMBOL = 4;
const LIST_SERVICES = 7;
// ServerReflectionResponse
const FILE_DESCRIPTOR_RESPONSE = 4;
const LIST_SERVICES_RESPONSE = 6;
const ERROR_RESPONSE = 7;
const ERROR_MESSAGE = 2;

/** A `ServerReflectionRequest`. */
export function writeQuestion(question: ReflectionQuestion): Buffer {
  if ('listServices' in question) return write(LIST_SERVICES, '');
  return 'fileOfSymbol' in question
    ? write(FILE_CONTAINING_SYMBOL, question.fileOfSymbol)
    : write(FILE_BY_FILENAME, question.fileByName);
}

/** A `ServerReflectionResponse`. @throws Error when it is none */
export function readAnswer(bytes: Uint8Array): ReflectionAnswer {
  for (const [field, value] of members(bytes)) {
    if (field === FILE_DESCRIPTOR_RESPONSE) return { files: every(value, 1) };
    if (field === LIST_SERVICES_RESPONSE) {
      return { services: every(value, 1).map((service) => text(every(service, 1)[0])) };
    }
    if (field === ERROR_RESPONSE) return { error: text(every(value, ERROR_MESSAGE)[0]) };
  }
  return { error: 'the answer is empty' };
}

function write(field: number, value: string): Buffer {
  return Buffer.from(new BinaryWriter().tag(field, WireType.LengthDelimited).string(value).finish());
}

/** Members that have a length, by field number. */
function members(bytes: Uint8Array): [number, Uint8Array][] {
  const reader = new BinaryReader(bytes);
  const found: [number, Uint8Array][] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) found.push([field, reader.bytes()]);
    else reader.skip(type, field);
  }
  return found;
}

function every(bytes: Uint8Array, field: number): Uint8Array[] {
  return members(bytes).flatMap(([found, value]) => (found === field ? [value] : []));
}

function text(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
