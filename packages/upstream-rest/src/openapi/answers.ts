/** @module What comes back from an operation: its schema, where every success has one, and what to ask for. */
import type { JsonObject } from '../config/operation.ts';
import type { Description, Found } from './document.ts';
import { isJson } from './media-types.ts';
import type { Bundled, SchemaSet } from './schema-set.ts';
import { elementsOf, membersOf, objectOf, textsOf } from './values.ts';

/** What is known of the answer. */
export interface MappedAnswer {
  readonly outputSchema?: Bundled | undefined;
  /** `Accept`, where the usual one would not do. */
  readonly accept?: string | undefined;
  /** What to go on with, from the `links` of the answer. */
  readonly links: readonly string[];
}

interface Success {
  readonly schema: unknown;
  readonly base: string;
}

const MAX_DEPTH = 8;

/** Reads `responses`. */
export function mapAnswer(found: Found, description: Description, schemas: SchemaSet): MappedAnswer {
  const { references, document, revision } = description;
  const responses = membersOf(found.operation['responses']);
  const isSuccess = (code: string): boolean => /^2(?:\d\d|XX)$/i.test(code);
  const good = responses.filter(([code]) => isSuccess(code));
  const chosen = good.length > 0 ? good : responses.filter(([code]) => code === 'default');
  const successes: (Success | undefined)[] = [];
  const types = new Set<string>();
  const links: string[] = [];
  for (const [, given] of chosen) {
    const followed = references.follow(given, found.base);
    if (typeof followed === 'string') continue;
    const { value: response, base } = followed;
    links.push(...linksOf(response));
    if (revision === '2.0') {
      const produces = textsOf(found.operation['produces'] ?? document['produces']);
      for (const type of produces) types.add(type);
      const schema = produces.length === 0 || produces.some(isJson) ? response['schema'] : undefined;
      successes.push(schema === undefined ? undefined : { schema, base });
      continue;
    }
    const content = membersOf(response['content']);
    for (const [type] of content) types.add(type);
    const json = content.find(([type]) => isJson(type))?.[1];
    const schema = objectOf(json)?.['schema'];
    successes.push(schema === undefined ? undefined : { schema, base });
  }
  const hasBody = found.method !== 'HEAD';
  return { outputSchema: hasBody ? outputSchema(successes, schemas) : undefined, accept: acceptOf([...types]), links };
}

/** A tool that announces a schema must keep to it: there is none where one success has no JSON, or could be anything. */
function outputSchema(successes: readonly (Success | undefined)[], schemas: SchemaSet): Bundled | undefined {
  if (successes.length === 0 || !successes.every((one) => one !== undefined)) return undefined;
  const parts = successes.map(({ schema, base }) => schemas.convert(schema, base));
  const [first, ...others] = [...new Map(parts.map(({ schema }) => [JSON.stringify(schema), schema])).values()];
  if (first === undefined) return undefined;
  const schema = others.length === 0 ? first : { anyOf: [first, ...others] };
  const types = typesOf(schema, schemas);
  if (types === undefined) return undefined;
  if (!types.has('object')) {
    return schemas.bundle({ type: 'object', properties: { result: schema }, required: ['result'] }, parts);
  }
  return types.size === 1 ? schemas.bundle(asObject(schema, schemas), parts) : undefined;
}

/** Clients look for `properties` at the top, so what a reference leads to takes its place. */
function asObject(schema: JsonObject | boolean, schemas: SchemaSet): JsonObject {
  let root = typeof schema === 'boolean' ? {} : schema;
  for (let hop = 0; hop < MAX_DEPTH && root['$ref'] !== undefined; hop += 1) {
    const { $ref, ...rest } = root;
    root = { ...objectOf(schemas.resolve($ref)?.schema), ...rest };
  }
  return { ...root, type: 'object' };
}

/** The types that a value can have; `undefined`: any. */
function typesOf(schema: unknown, schemas: SchemaSet, depth = 0): ReadonlySet<string> | undefined {
  const source = objectOf(schema);
  if (source === undefined || depth > MAX_DEPTH) return undefined;
  const own = source['type'];
  if (typeof own === 'string') return new Set([own]);
  if (Array.isArray(own)) return new Set(own as string[]);
  if (source['$ref'] !== undefined) return typesOf(schemas.resolve(source['$ref'])?.schema, schemas, depth + 1);
  for (const keyword of ['anyOf', 'oneOf']) {
    if (source[keyword] === undefined) continue;
    const all = elementsOf(source[keyword]).map((one) => typesOf(one, schemas, depth + 1));
    return all.every((types) => types !== undefined) ? new Set(all.flatMap((types) => [...types])) : undefined;
  }
  const known = elementsOf(source['allOf']).map((one) => typesOf(one, schemas, depth + 1));
  return known.find((types) => types !== undefined) ?? (source['properties'] === undefined ? undefined : OBJECT);
}

const OBJECT: ReadonlySet<string> = new Set(['object']);

function acceptOf(types: readonly string[]): string | undefined {
  const isUsual = types.length === 0 || types.some((type) => /^(?:application\/json\s*(?:;|$)|\*\/\*)/i.test(type));
  if (isUsual) return undefined;
  const json = types.filter(isJson);
  return (json.length > 0 ? json : types).slice(0, 5).join(', ');
}

/** `getUser (id = $response.body#/id)`: the model can go on with it. */
function linksOf(response: JsonObject): string[] {
  return membersOf(response['links']).flatMap(([, link]) => {
    const { operationId, operationRef, parameters } = objectOf(link) ?? {};
    const target = typeof operationId === 'string' ? operationId : operationRef;
    if (typeof target !== 'string') return [];
    const given = membersOf(parameters).map(([name, value]) => `${name} = ${String(value)}`);
    return [given.length === 0 ? target : `${target} (${given.join(', ')})`];
  });
}
