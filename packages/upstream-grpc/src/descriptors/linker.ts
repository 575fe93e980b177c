/** @module Brings files of descriptors to the form that a compiler gives them: every reference absolute, every name there. */
import { protoCamelCase } from '@bufbuild/protobuf/reflect';
import type { DescriptorProto, FieldDescriptorProto, FileDescriptorProto } from '@bufbuild/protobuf/wkt';

const MAX_NAME = 2048;

/** Knows where each type is declared. */
export interface Linker {
  /** Corrects a file in place. The other files that it needs. @throws Error naming a type that nobody declares */
  link(file: FileDescriptorProto): ReadonlySet<FileDescriptorProto>;
}

/** @param fixed files that are not changed; types that `others` declare as well are taken from them */
export function createLinker(fixed: readonly FileDescriptorProto[], others: readonly FileDescriptorProto[]): Linker {
  const declared = new Map<string, FileDescriptorProto>();
  for (const file of fixed) declare(file);
  for (const file of others) {
    const isNew = ({ name }: { name: string }): boolean => !declared.has(inside(file.package, name));
    file.messageType = file.messageType.filter(isNew);
    file.enumType = file.enumType.filter(isNew);
  }
  for (const file of others) declare(file);

  function declare(file: FileDescriptorProto): void {
    const add = (scope: string, name: string): string => {
      const full = inside(scope, name);
      declared.set(full, file);
      return full;
    };
    const addMessage = (scope: string, message: DescriptorProto): void => {
      const full = add(scope, message.name);
      for (const { name } of message.enumType) add(full, name);
      for (const nested of message.nestedType) addMessage(full, nested);
    };
    for (const { name } of file.enumType) add(file.package, name);
    for (const message of file.messageType) addMessage(file.package, message);
  }

  return {
    link(file) {
      const needed = new Set<FileDescriptorProto>();
      file.dependency = []; // references say more

      /** A name without a leading dot is looked for in the scope, and in those around it. */
      function find(name: string, scope: string): string | undefined {
        if (name.startsWith('.')) return declared.has(name.slice(1)) ? name.slice(1) : undefined;
        const full = inside(scope, name);
        if (declared.has(full)) return full;
        return scope === '' ? undefined : find(name, scope.slice(0, Math.max(0, scope.lastIndexOf('.'))));
      }

      function absolute(name: string, scope: string): string {
        const full = find(name, scope);
        const place = full === undefined ? undefined : declared.get(full);
        if (place === undefined) throw new Error(`${scope} needs ${name}, which is not described`);
        if (place !== file) needed.add(place);
        return `.${full}`;
      }

      function linkField(field: FieldDescriptorProto, scope: string): void {
        if (field.typeName !== '') field.typeName = absolute(field.typeName, scope);
        if (field.jsonName === '') field.jsonName = protoCamelCase(field.name);
      }

      /** Extensions of what is not there are of no use. */
      function linkExtensions(extensions: readonly FieldDescriptorProto[], scope: string): FieldDescriptorProto[] {
        const kept = extensions.filter(({ extendee }) => find(extendee, scope) !== undefined);
        for (const extension of kept) {
          extension.extendee = absolute(extension.extendee, scope);
          linkField(extension, scope);
        }
        return kept;
      }

      function linkMessage(message: DescriptorProto, scope: string): void {
        const full = inside(scope, message.name);
        for (const field of message.field) linkField(field, full);
        for (const nested of message.nestedType) linkMessage(nested, full);
        message.extension = linkExtensions(message.extension, full);
      }

      for (const message of file.messageType) linkMessage(message, file.package);
      file.extension = linkExtensions(file.extension, file.package);
      for (const { name, method } of file.service) {
        const scope = inside(file.package, name);
        for (const one of method) {
          one.inputType = absolute(one.inputType, scope);
          one.outputType = absolute(one.outputType, scope);
        }
      }
      return needed;
    },
  };
}

/** @throws Error for names that are longer than any compiler would take */
function inside(scope: string, name: string): string {
  if (scope.length + name.length > MAX_NAME) throw new Error(`the name ${scope.slice(0, 100)}... is too long`);
  return scope === '' ? name : `${scope}.${name}`;
}
