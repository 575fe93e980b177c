/** @module The arguments of a call, held to the top level of the tool's input schema. */
import type { JsonText } from '@forge/protocol';
import type { JsonObject } from '../config/operation.ts';

/** Arguments by name, as text and as value: numbers of any size keep their digits. Nulls that mean nothing are left out. */
export type Arguments = ReadonlyMap<string, JsonText>;

/** Something that the caller must do differently. The message names the argument. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

interface PropertySchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
}

const NO_ARGUMENTS: Arguments = new Map();

/**
 * Reads arguments. What stands deeper is the upstream's to check.
 *
 * @throws ArgumentError naming everything that is missing or of the wrong type
 */
export function readArguments(schema: JsonObject, given: JsonText | undefined): Arguments {
  if (given !== undefined && !given.isObject) throw new ArgumentError('The arguments must be an object');
  const all = given?.members() ?? NO_ARGUMENTS;
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, PropertySchema>>;
  const required = (schema['required'] ?? []) as readonly string[];
  const args = new Map<string, JsonText>();
  const problems: string[] = [];
  for (const [name, text] of all) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const types = typesOf(property);
    if (text.text === 'null' && types !== undefined && !types.includes('null') && !required.includes(name)) continue;
    const problem = property && problemOf(text.value, property, types);
    if (problem === undefined) args.set(name, text);
    else problems.push(`"${name}" ${problem}`);
  }
  for (const name of required) if (!all.has(name)) problems.push(`"${name}" is missing`);
  if (problems.length > 0) throw new ArgumentError(`Invalid arguments: ${problems.slice(0, 20).join('; ')}`);
  return args;
}

function typesOf(schema: PropertySchema | undefined): readonly string[] | undefined {
  return typeof schema?.type === 'string' ? [schema.type] : schema?.type;
}

function problemOf(value: unknown, schema: PropertySchema, types: readonly string[] | undefined): string | undefined {
  if (types !== undefined && !types.some((type) => isOf(type, value))) return `must be ${types.join(' or ')}`;
  if (schema.enum === undefined || typeof value === 'object' || schema.enum.includes(value)) return undefined;
  return `must be one of ${JSON.stringify(schema.enum).slice(0, 500)}`;
}

function isOf(type: string, value: unknown): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === type;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'null':
      return value === null;
    default:
      return true;
  }
}
