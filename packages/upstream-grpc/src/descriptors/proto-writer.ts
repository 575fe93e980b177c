/** @module What protobufjs has read of a `.proto` file, as descriptors of edition 2023 with comments. */
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type DescriptorProtoSchema,
  type EnumDescriptorProtoSchema,
  FeatureSet_EnumType as EnumType,
  FeatureSet_FieldPresence as Presence,
  FeatureSet_MessageEncoding as MessageEncoding,
  FeatureSet_RepeatedFieldEncoding as RepeatedEncoding,
  FieldDescriptorProto_Label as Label,
  type FieldDescriptorProto,
  type FieldDescriptorProtoSchema,
  FieldDescriptorProto_Type as Type,
  MethodOptions_IdempotencyLevel as Level,
  type ServiceDescriptorProtoSchema,
  type SourceCodeInfo_LocationSchema,
} from '@bufbuild/protobuf/wkt';
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import type protobuf from 'protobufjs';
import { protobufjs } from './protobufjs.ts';

type Message = MessageInitShape<typeof DescriptorProtoSchema>;
type Enum = MessageInitShape<typeof EnumDescriptorProtoSchema>;
type Field = Exclude<MessageInitShape<typeof FieldDescriptorProtoSchema>, FieldDescriptorProto>;
type Service = MessageInitShape<typeof ServiceDescriptorProtoSchema>;
type Location = MessageInitShape<typeof SourceCodeInfo_LocationSchema>;

/** The declarations of one file. */
export interface Declarations {
  readonly messages: Message[];
  readonly enums: Enum[];
  readonly services: Service[];
  /** Where the comments belong to. */
  readonly locations: Location[];
}

// Field numbers of descriptor.proto, of which the paths of comments consist.
const FILE = { message: 4, enum: 5, service: 6 };
const MESSAGE = { field: 2, nested: 3, enum: 4 };
const MEMBER = 2; // values of an enum, methods of a service

/** Features of a field as protobufjs has worked them out; its types do not tell of them for every field. */
interface Resolved {
  readonly required: boolean;
  readonly packed: boolean;
  readonly delimited: boolean;
  readonly hasPresence: boolean;
}

/** Writes declarations down, each kind in its order; extensions are left out. */
export function writeDeclarations(declared: readonly protobuf.ReflectionObject[]): Declarations {
  const locations: Location[] = [];

  function note(path: number[], comment: string | null | undefined): void {
    if (comment) locations.push({ path, leadingComments: comment });
  }

  function message(type: protobuf.Type, path: number[]): Message {
    note(path, type.comment);
    const oneofs = type.oneofsArray.filter((oneof) => !isSynthetic(oneof));
    const entries: Message[] = [];
    // An extension stands among the fields of what it extends as well.
    const fields = type.fieldsArray.filter(({ declaringField }) => !declaringField);
    const field = fields.map((one, at) => {
      note([...path, MESSAGE.field, at], one.comment);
      if (one instanceof protobufjs().MapField) entries.push(mapEntry(one));
      return writeField(one, oneofs);
    });
    const nested = kept(type.nestedArray, protobufjs().Type).map((one, at) =>
      message(one, [...path, MESSAGE.nested, at]),
    );
    return {
      name: type.name,
      field,
      nestedType: [...nested, ...entries],
      enumType: kept(type.nestedArray, protobufjs().Enum).map((one, at) => writeEnum(one, [...path, MESSAGE.enum, at])),
      oneofDecl: oneofs.map(({ name }) => ({ name })),
      options: { deprecated: isDeprecated(type) },
    };
  }

  function writeEnum(type: protobuf.Enum, path: number[]): Enum {
    note(path, type.comment);
    const { enum_type: kind } = (type as unknown as { _features: { enum_type?: string } })._features;
    const value = Object.entries(type.values).map(([name, number], at) => {
      note([...path, MEMBER, at], type.comments[name]);
      return { name, number };
    });
    const features = { enumType: kind === 'CLOSED' ? EnumType.CLOSED : EnumType.OPEN };
    return { name: type.name, value, options: { features, allowAlias: true } };
  }

  function service(type: protobuf.Service, path: number[]): Service {
    note(path, type.comment);
    const method = type.methodsArray.map((one, at) => {
      note([...path, MEMBER, at], one.comment);
      const level = one.getOption('idempotency_level') as keyof typeof Level | undefined;
      return {
        name: one.name,
        inputType: one.resolvedRequestType?.fullName ?? one.requestType,
        outputType: one.resolvedResponseType?.fullName ?? one.responseType,
        clientStreaming: one.requestStream === true,
        serverStreaming: one.responseStream === true,
        options: { deprecated: isDeprecated(one), ...(level !== undefined && { idempotencyLevel: Level[level] }) },
      };
    });
    return { name: type.name, method };
  }

  return {
    messages: kept(declared, protobufjs().Type).map((one, at) => message(one, [FILE.message, at])),
    enums: kept(declared, protobufjs().Enum).map((one, at) => writeEnum(one, [FILE.enum, at])),
    services: kept(declared, protobufjs().Service).map((one, at) => service(one, [FILE.service, at])),
    locations,
  };
}

function kept<T>(items: readonly protobuf.ReflectionObject[], kind: abstract new (...args: never[]) => T): T[] {
  return items.filter((item): item is protobuf.ReflectionObject & T => item instanceof kind);
}

function writeField(field: protobuf.FieldBase, oneofs: readonly protobuf.OneOf[]): Field {
  const { required, packed, delimited, hasPresence } = field as unknown as Resolved;
  const presence = required ? Presence.LEGACY_REQUIRED : hasPresence ? Presence.EXPLICIT : Presence.IMPLICIT;
  const isList = field.repeated || field.map;
  const at = field.partOf ? oneofs.indexOf(field.partOf) : -1;
  const jsonName: unknown = field.getOption('json_name');
  return {
    name: field.name,
    number: field.id,
    label: isList ? Label.REPEATED : Label.OPTIONAL,
    ...(field instanceof protobufjs().MapField
      ? { type: Type.MESSAGE, typeName: `${field.parent?.fullName ?? ''}.${entryName(field)}` }
      : typeOf(field)),
    jsonName: typeof jsonName === 'string' ? jsonName : protoCamelCase(field.name),
    ...(at >= 0 && { oneofIndex: at }),
    options: {
      deprecated: isDeprecated(field),
      features: {
        ...(!isList &&
          at < 0 &&
          !(field.resolvedType instanceof protobufjs().Type && !required) && { fieldPresence: presence }),
        ...(field.repeated && { repeatedFieldEncoding: packed ? RepeatedEncoding.PACKED : RepeatedEncoding.EXPANDED }),
        ...(delimited && { messageEncoding: MessageEncoding.DELIMITED }),
      },
    },
  };
}

function typeOf({ type, resolvedType }: protobuf.FieldBase): Field {
  if (resolvedType instanceof protobufjs().Type) return { type: Type.MESSAGE, typeName: resolvedType.fullName };
  if (resolvedType instanceof protobufjs().Enum) return { type: Type.ENUM, typeName: resolvedType.fullName };
  return { type: Type[type.toUpperCase() as keyof typeof Type] };
}

/** Maps are lists of messages that are called so. */
function mapEntry(field: protobuf.MapField): Message {
  const key = Type[field.keyType.toUpperCase() as keyof typeof Type];
  const member = (name: string, number: number, type: Field): Field => ({
    name,
    number,
    label: Label.OPTIONAL,
    jsonName: name,
    ...type,
  });
  return {
    name: entryName(field),
    field: [member('key', 1, { type: key }), member('value', 2, typeOf(field))],
    options: { mapEntry: true },
  };
}

function entryName({ name }: protobuf.FieldBase): string {
  const camel = protoCamelCase(name);
  return `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
}

/** `optional` in proto3 is a oneof of one field. */
function isSynthetic({ fieldsArray: [first, ...others] }: protobuf.OneOf): boolean {
  return others.length === 0 && first?.getOption('proto3_optional') === true;
}

function isDeprecated(item: protobuf.ReflectionObject): boolean {
  return item.getOption('deprecated') === true;
}
