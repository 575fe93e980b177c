/** @module The input schema that callers see: with every argument that has a place in the request. */
import type { JsonObject, RestOperation, RestParameter } from '../config/operation.ts';
import { parsePath } from './path.ts';

/** With these at its top a schema may speak of an argument elsewhere. */
const COMPOSED = ['$ref', 'allOf', 'anyOf', 'oneOf', 'if'] as const;

/**
 * The schema, with arguments that the path or a mapping takes and that it does not speak of: who calls cannot know them
 * otherwise. What is stored stays as it was said, so that another path asks for its own.
 */
export function inputSchemaOf({ inputSchema, path, parameters = [] }: RestOperation): JsonObject {
  if (COMPOSED.some((key) => Object.hasOwn(inputSchema, key))) return inputSchema;
  const properties = (inputSchema['properties'] ?? {}) as JsonObject;
  const inPath = parsePath(path).names.map(
    (name) => parameters.find((one) => one.in === 'path' && (one.name ?? one.argument) === name)?.argument ?? name,
  );
  const added = [
    ...inPath.map((name) => [name, { type: 'string', description: 'A part of the path' }] as const),
    ...parameters.filter((one) => one.in !== 'path').map((one) => [one.argument, mapped(one)] as const),
  ].filter(([name]) => !Object.hasOwn(properties, name));
  if (added.length === 0) return inputSchema;
  const required = new Set((inputSchema['required'] ?? []) as readonly string[]);
  for (const [name] of added) if (inPath.includes(name)) required.add(name);
  return {
    ...inputSchema,
    properties: { ...properties, ...Object.fromEntries(added) },
    ...(required.size > 0 && { required: [...required] }),
  };
}

function mapped({ in: place, argument, name = argument }: RestParameter): JsonObject {
  return { description: `Sent as ${place === 'query' ? 'a parameter' : `a ${place}`}, ${name}` };
}
