/** @module Parameters of an operation: where they go, how they are written, and the arguments that fill them. */
import { headerProblem } from '../request/header-rules.ts';
import type { JsonObject, RestParameter } from '../config/operation.ts';
import type { Converted } from './convert-schema.ts';
import type { Description, Found } from './document.ts';
import { argumentName, hashedName } from './names.ts';
import type { SchemaSet } from './schema-set.ts';
import { membersOf, objectOf, textOf, Unmappable, elementsOf } from './values.ts';

/** A parameter of the document, with what it says resolved. */
export interface Parameter {
  readonly in: RestParameter['in'];
  readonly name: string;
  readonly source: JsonObject;
  readonly base: string;
  readonly isRequired: boolean;
}

/** An argument and the parameter that it fills. */
export interface MappedParameter {
  readonly parameter: RestParameter;
  readonly isRequired: boolean;
  readonly converted: Converted;
  /** Around the value in the path: `;id=`. */
  readonly prefix: string;
}

/** Parameters of a request, and those of 2.0 that are the body. */
export interface Parameters {
  readonly mapped: readonly MappedParameter[];
  /** 2.0: `in: body` and `in: formData`. */
  readonly ofBody: readonly { readonly source: JsonObject; readonly base: string }[];
  readonly notes: readonly string[];
}

/** Characters of a name in requests. */
const MAX_NAME = 256;
const PLACES = ['path', 'query', 'header', 'cookie'] as const;
/** OpenAPI 3.0, Parameter Object: these are said elsewhere. */
const SAID_ELSEWHERE: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization']);

/** @throws Unmappable where a parameter is required that cannot be sent */
export function mapParameters(found: Found, description: Description, schemas: SchemaSet): Parameters {
  const notes: string[] = [];
  const { parameters, ofBody } = readParameters(found, description, notes);
  const taken = new Set<string>();
  const mapped: MappedParameter[] = [];
  for (const parameter of parameters) {
    const problem = placeProblem(parameter, found.path);
    const how = problem ?? writing(parameter, description.revision === '2.0');
    if (typeof how !== 'string') {
      const { schema, base } = how;
      const argument = freeName(parameter, taken);
      taken.add(argument);
      const { in: place, name, isRequired } = parameter;
      const converted = described(schemas.convert(schema, base), parameter.source);
      mapped.push({
        parameter: { argument, in: place, ...(argument === name ? {} : { name }), ...how.style },
        isRequired,
        converted,
        prefix: how.prefix,
      });
    } else if (how !== '') {
      if (parameter.isRequired) throw new Unmappable(`the required parameter "${parameter.name}" ${how}`);
      notes.push(`the parameter "${parameter.name}" is left out: it ${how}`);
    }
  }
  return { mapped, ofBody, notes };
}

/** Those of the operation replace those of its path. In the order of places, so that arguments are named alike. */
function readParameters(
  { operation, item, base, itemBase, path }: Found,
  { references }: Description,
  notes: string[],
) {
  const byKey = new Map<string, Parameter>();
  const ofBody: { source: JsonObject; base: string }[] = [];
  const given = [
    ...elementsOf(item['parameters']).map((value) => ({ value, from: itemBase })),
    ...elementsOf(operation['parameters']).map((value) => ({ value, from: base })),
  ];
  for (const { value, from } of given) {
    const followed = references.follow(value, from);
    // It may be one that is required: better no tool than one whose calls must fail.
    if (typeof followed === 'string') throw new Unmappable(`a parameter is not there: ${followed}`);
    const { value: source, base: at } = followed;
    const place = source['in'];
    const name = textOf(source['name']);
    if (place === 'body' || place === 'formData') ofBody.push({ source, base: at });
    else if (name === undefined || !PLACES.includes(place as 'path'))
      notes.push('a parameter without name or place is left out');
    else {
      const isRequired = place === 'path' || source['required'] === true;
      byKey.set(`${place as string} ${name}`, { in: place as 'path', name, source, base: at, isRequired });
    }
  }
  for (const [, name] of path.matchAll(/\{([^{}]+)\}/g)) {
    if (name === undefined || byKey.has(`path ${name}`)) continue;
    notes.push(`the path has "{${name}}", which no parameter describes`);
    byKey.set(`path ${name}`, { in: 'path', name, source: { schema: { type: 'string' } }, base, isRequired: true });
  }
  const parameters = PLACES.flatMap((place) => [...byKey.values()].filter((one) => one.in === place));
  return { parameters, ofBody };
}

/** Why it cannot be sent; the empty text: it need not be, and that is nothing to tell. */
function placeProblem({ in: place, name }: Parameter, path: string): string | undefined {
  if (name.length > MAX_NAME) return 'has too long a name';
  if (place === 'path') return path.includes(`{${name}}`) ? undefined : '';
  if (place !== 'header') return undefined;
  return SAID_ELSEWHERE.has(name.toLowerCase()) ? '' : headerProblem(name);
}

interface Writing {
  readonly schema: unknown;
  readonly base: string;
  readonly style: Pick<RestParameter, 'style' | 'explode' | 'allowReserved' | 'encoding'>;
  readonly prefix: string;
}

/** How its value is written, or why it cannot be. */
function writing({ in: place, name, source, base }: Parameter, isOld: boolean): Writing | string {
  if (isOld) return oldWriting(source, base, place);
  const [content] = membersOf(source['content']);
  if (content !== undefined) {
    const [type, media] = content;
    if (!/[/+]json\b/.test(type)) return `is written as ${type}, which is not supported`;
    return { schema: objectOf(media)?.['schema'] ?? {}, base, style: { encoding: 'json' }, prefix: '' };
  }
  const schema = source['schema'] ?? {};
  const style = textOf(source['style']) ?? (place === 'query' || place === 'cookie' ? 'form' : 'simple');
  const explode = typeof source['explode'] === 'boolean' ? source['explode'] : style === 'form';
  const reserved = source['allowReserved'] === true ? { allowReserved: true } : {};
  if (place === 'path' && (style === 'label' || style === 'matrix')) {
    if (explode && !isPlain(schema)) return `has the style "${style}", which is supported for plain values only`;
    return { schema, base, style: {}, prefix: style === 'label' ? '.' : `;${encodeURIComponent(name)}=` };
  }
  switch (style) {
    case 'simple':
      return { schema, base, style: explode ? { explode } : {}, prefix: '' };
    case 'form':
      return { schema, base, style: { ...(explode ? {} : { explode }), ...reserved }, prefix: '' };
    case 'deepObject':
      return { schema, base, style: { style, ...reserved }, prefix: '' };
    case 'spaceDelimited':
    case 'pipeDelimited':
      return { schema, base, style: { style, explode, ...reserved }, prefix: '' };
    default:
      return `has the style "${style}", which is not supported`;
  }
}

const FORMATS: Readonly<Record<string, Writing['style'] | undefined>> = {
  csv: { explode: false },
  ssv: { style: 'spaceDelimited', explode: false },
  pipes: { style: 'pipeDelimited', explode: false },
  multi: {},
};

/** 2.0: the parameter is its own schema. */
function oldWriting(source: JsonObject, base: string, place: Parameter['in']): Writing | string {
  const { name: _, in: __, required: ___, description: ____, ...schema } = source;
  if (schema['type'] !== 'array') return { schema, base, style: {}, prefix: '' };
  const format = textOf(source['collectionFormat']) ?? 'csv';
  if (place !== 'query') {
    return format === 'csv' ? { schema, base, style: {}, prefix: '' } : `has the collectionFormat "${format}"`;
  }
  const style = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  return style === undefined ? `has the collectionFormat "${format}"` : { schema, base, style, prefix: '' };
}

function isPlain(schema: unknown): boolean {
  const type = objectOf(schema)?.['type'];
  return typeof type === 'string' && type !== 'array' && type !== 'object';
}

/** `id`, or where that is taken `id_query`. */
function freeName({ in: place, name }: Parameter, taken: ReadonlySet<string>): string {
  const plain = argumentName(name);
  if (!taken.has(plain)) return plain;
  const placed = argumentName(`${plain}_${place}`);
  if (!taken.has(placed)) return placed;
  return hashedName(plain, `${place} ${name}`);
}

/** What is said of the parameter counts more than what is said of its schema. */
function described(converted: Converted, source: JsonObject): Converted {
  const description = textOf(source['description']);
  const deprecated = source['deprecated'] === true;
  if (description === undefined && !deprecated) return converted;
  const schema = typeof converted.schema === 'boolean' ? {} : converted.schema;
  return {
    ...converted,
    schema: { ...schema, ...(description === undefined ? {} : { description }), ...(deprecated ? { deprecated } : {}) },
  };
}
