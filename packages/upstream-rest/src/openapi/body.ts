/** @module What an operation sends besides the head, and the arguments that it is made of. */
import type { JsonObject, RestBody, RestField } from '../config/operation.ts';
import type { Converted } from './convert-schema.ts';
import type { Description, Found } from './document.ts';
import { type BodySource, bodySource } from './body-source.ts';
import { encodingOf, isForm } from './media-types.ts';
import { argumentName } from './names.ts';
import type { Parameters } from './parameters.ts';
import { type PlainObject, plainObject } from './plain-object.ts';
import type { SchemaSet } from './schema-set.ts';
import { objectOf, textOf, Unmappable } from './values.ts';

/** A body and its arguments. */
export interface MappedBody {
  readonly body: RestBody;
  readonly properties: readonly (readonly [argument: string, schema: JsonObject | boolean])[];
  readonly required: readonly string[];
  /** Members that are not named are taken, too. */
  readonly additional: JsonObject | boolean | undefined;
  readonly parts: readonly Converted[];
  readonly notes: readonly string[];
}

/** Characters of a field's name. */
const MAX_NAME = 256;
const NOTHING = { properties: [], required: [], additional: undefined, parts: [] };

/** @param taken arguments that parameters have. @throws Unmappable */
export function mapBody(
  found: Found,
  description: Description,
  schemas: SchemaSet,
  { ofBody }: Parameters,
  taken: ReadonlySet<string>,
): MappedBody | Omit<MappedBody, 'body'> {
  const source = bodySource(found, description, ofBody);
  if (source === undefined) return { ...NOTHING, notes: [] };
  const converted = schemas.convert(source.schema, source.base);
  if (found.method === 'GET' || found.method === 'HEAD') {
    const isEmpty =
      Object.keys(objectOf(objectOf(converted.schema)?.['properties'] ?? converted.schema) ?? {}).length === 0;
    return { ...NOTHING, notes: isEmpty ? [] : [`its body is left out: ${found.method} has none`] };
  }
  const encoding = encodingOf(source.type);
  const plain = encoding === 'text' || encoding === 'binary' ? undefined : plainObject(converted.schema, schemas);
  return plain !== undefined && isSplit(plain, source, taken)
    ? ofFields(source, encoding, plain, converted, schemas)
    : inOnePiece(source, encoding, plain, converted, schemas, taken);
}

/** Its members become arguments where each can have its own name, and nothing is lost by it. */
function isSplit(
  { properties, required }: PlainObject,
  { isRequired }: BodySource,
  taken: ReadonlySet<string>,
): boolean {
  const names = new Set([...properties.keys()].map(argumentName));
  const isShort = [...properties.keys()].every((name) => name.length <= MAX_NAME);
  const isDistinct = names.size === properties.size && [...names].every((name) => !taken.has(name));
  return properties.size > 0 && isShort && isDistinct && (isRequired || required.size === 0);
}

function ofFields(
  source: BodySource,
  encoding: RestBody['encoding'],
  plain: PlainObject,
  converted: Converted,
  schemas: SchemaSet,
): MappedBody {
  const fields: [string, RestField][] = [];
  const properties: [string, JsonObject | boolean][] = [];
  for (const [name, schema] of plain.properties) {
    const argument = argumentName(name);
    const field = fieldOf(source, encoding, name, schema, schemas);
    fields.push([argument, { ...(argument === name ? {} : { name }), ...field }]);
    properties.push([argument, field.file === true && typeof schema === 'object' ? asFile(schema) : schema]);
  }
  const { additional, alternatives } = plain;
  const isOpen = additional !== undefined && additional !== false;
  return {
    body: {
      encoding,
      ...contentType(source.type, encoding),
      fields: Object.fromEntries(fields),
      ...(source.isRequired ? {} : { optional: true }),
    },
    properties,
    required: [...plain.required].filter((name) => plain.properties.has(name)).map(argumentName),
    additional: isOpen ? additional : undefined,
    parts: [converted],
    notes:
      alternatives.length === 0
        ? []
        : [`one of these must be given: ${alternatives.map((names) => names.join(' and ')).join('; ')}`],
  };
}

function inOnePiece(
  source: BodySource,
  encoding: RestBody['encoding'],
  plain: PlainObject | undefined,
  converted: Converted,
  schemas: SchemaSet,
  taken: ReadonlySet<string>,
): MappedBody {
  const argument = ['body', 'request_body', 'body_of_request'].find((name) => !taken.has(name));
  if (argument === undefined) throw new Unmappable('no name is left for its body');
  const given = typeof converted.schema === 'boolean' ? {} : converted.schema;
  const about = source.description ?? textOf(given['description']);
  const described = about === undefined ? given : { ...given, description: about };
  const isText = encoding === 'text' || encoding === 'binary';
  const text = {
    type: 'string',
    description: `${about ?? 'The body'} (${source.type}${encoding === 'binary' ? ', in base64' : ''})`,
  };
  const fields = isForm(encoding)
    ? [...(plain?.properties ?? [])]
        .map(([name, schema]) => [name, fieldOf(source, encoding, name, schema, schemas)] as const)
        .filter(([, field]) => Object.keys(field).length > 0)
    : [];
  const named = fields.length === 0 ? {} : { fields: Object.fromEntries(fields) };
  return {
    body: { encoding, ...contentType(source.type, encoding), argument, ...named },
    properties: [[argument, isText ? text : described]],
    required: source.isRequired ? [argument] : [],
    additional: undefined,
    parts: [converted],
    notes: [],
  };
}

const STYLES = ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'] as const;

/** What is unusual about a field. */
function fieldOf(
  { encoding: encodings }: BodySource,
  encoding: RestBody['encoding'],
  name: string,
  schema: JsonObject | boolean,
  schemas: SchemaSet,
): RestField {
  const about = objectOf(Object.hasOwn(encodings, name) ? encodings[name] : undefined);
  if (encoding === 'multipart') {
    const type = textOf(about?.['contentType']);
    return {
      ...(isFileSchema(schema, schemas) ? { file: true } : {}),
      ...(type === undefined || /[*,]/.test(type) ? {} : { contentType: type }),
    };
  }
  if (encoding !== 'form' || about === undefined) return {};
  const style = STYLES.find((one) => one === about['style']);
  if (style === undefined && typeof about['explode'] !== 'boolean') return {};
  const explode = about['explode'];
  return { style: style ?? 'form', ...(typeof explode === 'boolean' ? { explode } : {}) };
}

/** `Content-Type`, where it is not the usual one. */
function contentType(type: string, encoding: RestBody['encoding']): Pick<RestBody, 'contentType'> {
  const isUsual = isForm(encoding) || type === '' || type.includes('*') || type === 'application/json';
  return isUsual ? {} : { contentType: type };
}

/** Binary content is a file, and so is a list of it. */
function isFileSchema(schema: JsonObject | boolean, schemas: SchemaSet): boolean {
  const given = typeof schema === 'boolean' ? {} : schema;
  const target = given['$ref'] === undefined ? given : (objectOf(schemas.resolve(given['$ref'])?.schema) ?? {});
  const one = target['type'] === 'array' ? (objectOf(target['items']) ?? {}) : target;
  const media = one['contentMediaType'];
  return typeof media === 'string' && !/^text\/|[/+]json\b/.test(media);
}

function asFile(schema: JsonObject): JsonObject {
  const about = textOf(schema['description']);
  return { ...schema, description: `${about === undefined ? 'A file' : about} (in base64)` };
}
