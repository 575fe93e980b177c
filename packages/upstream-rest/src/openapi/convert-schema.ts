/** @module One schema of OpenAPI 2.0, 3.0 or 3.1 as JSON Schema 2020-12. References become ones into `$defs`. */
import type { JsonObject } from '../config/operation.ts';
import type { Located, References } from './references.ts';
import { ALL, IN_PLACE, isFit, type KeywordKind, SHAPE, TYPES } from './schema-keywords.ts';
import { clip, elementsOf, membersOf, objectOf, textOf, textsOf } from './values.ts';

/** What a schema is for: values that callers send, or values that come back. */
export type Direction = 'input' | 'output';

/** A schema, and what it refers to. */
export interface Converted {
  readonly schema: JsonObject | boolean;
  /** Names in `$defs` of the schemas that it refers to. */
  readonly refs: ReadonlySet<string>;
  /** Those of them that are about the very same value: a circle of these has no end. */
  readonly inPlace: ReadonlySet<string>;
  /** What was lost on the way. */
  readonly notes: ReadonlySet<string>;
}

/** What a conversion needs to know. */
export interface ConversionContext {
  readonly references: References;
  readonly direction: Direction;
  /** OpenAPI 2.0 and 3.0: what stands beside a `$ref` does not count, but for its description. */
  readonly isOld: boolean;
  /** The name that it has in `$defs`. */
  nameOf(located: Located): string;
}

/** What every reference of a converted schema begins with. */
export const DEFS = '#/$defs/';

/** Nesting within one schema, and schemas within one. What is beyond may be anything. */
const MAX_DEPTH = 32;
const MAX_SCHEMAS = 20_000;
const MAX_EXAMPLE = 200;
const MAX_PATTERN = 500;

/** Converts the schema that stands in the document at `base`. */
export function convertSchema(value: unknown, base: string, context: ConversionContext): Converted {
  const { references, direction, isOld } = context;
  const refs = new Set<string>();
  const inPlaceRefs = new Set<string>();
  const notes = new Set<string>();
  const keywords = direction === 'input' ? ALL : SHAPE;
  let left = MAX_SCHEMAS;

  function convert(schema: unknown, depth: number, inPlace: boolean): JsonObject | boolean {
    if (typeof schema === 'boolean') return schema;
    const source = objectOf(schema);
    if (source === undefined) return {};
    left -= 1;
    if (depth > MAX_DEPTH || left < 0) {
      notes.add('a schema was cut where it is nested too deeply, or is too large');
      return {};
    }
    if (typeof source['$ref'] === 'string') return reference(source['$ref'], source, depth, inPlace);
    return nullable(source, keywordsOf(source, depth, inPlace));
  }

  function reference(ref: string, source: JsonObject, depth: number, inPlace: boolean): JsonObject | boolean {
    const found = references.find(ref, base);
    if (typeof found === 'string') {
      notes.add(found);
      return {};
    }
    const { $ref: _, ...beside } = source;
    const description = textOf(source['description']);
    const more = isOld ? (description === undefined ? {} : { description }) : keywordsOf(beside, depth, inPlace);
    const name = context.nameOf(found);
    refs.add(name);
    if (inPlace) inPlaceRefs.add(name);
    return nullable(source, { $ref: DEFS + name, ...more });
  }

  function keywordsOf(source: JsonObject, depth: number, inPlace: boolean): JsonObject {
    const out: [string, unknown][] = [
      ...typeOf(source),
      ...enumOf(source, direction),
      ...annotationsOf(source, direction),
    ];
    for (const [keyword, given] of Object.entries(source)) {
      const kind = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
      if (kind === undefined) continue;
      const child = (one: unknown): JsonObject | boolean => convert(one, depth + 1, inPlace && IN_PLACE.has(keyword));
      const kept = keyword === 'properties' ? propertiesOf(given, child) : keep(keyword, kind, given, source, child);
      if (kept !== undefined) out.push([isEither(keyword, source) ? 'anyOf' : keyword, kept]);
    }
    if (direction === 'input') out.push(...boundsOf(source), ...patternOf(source, notes));
    return tidy(Object.fromEntries(out));
  }

  /** Answers that fit two alternatives are no mistake of the caller. */
  function isEither(keyword: string, source: JsonObject): boolean {
    return direction === 'output' && keyword === 'oneOf' && source['anyOf'] === undefined;
  }

  function keep(
    keyword: string,
    kind: KeywordKind,
    given: unknown,
    source: JsonObject,
    child: (schema: unknown) => JsonObject | boolean,
  ): unknown {
    if (!isFit(kind, given, keyword)) return undefined;
    switch (kind) {
      case 'schema':
        // Older drafts: a schema for each place.
        if (keyword === 'items' && Array.isArray(given)) return undefined;
        // What comes back may have more than was announced.
        if (direction === 'output' && given === false) return undefined;
        return objectOf(given) || typeof given === 'boolean' ? child(given) : undefined;
      case 'schemas':
        return Array.isArray(given) && given.length > 0 ? given.map(child) : undefined;
      case 'named': {
        const named = membersOf(given).filter(([name]) => keyword !== 'patternProperties' || isPattern(name));
        return Object.fromEntries(named.map(([name, one]) => [name, child(one)]));
      }
      case 'texts':
        return requiredOf(source);
      default:
        return given;
    }
  }

  function propertiesOf(given: unknown, child: (schema: unknown) => JsonObject | boolean): JsonObject {
    return Object.fromEntries(
      membersOf(given)
        .filter(([, schema]) => !isHidden(schema))
        .map(([name, schema]) => [name, child(schema)]),
    );
  }

  /** `readOnly` is for answers only, `writeOnly` for requests only. */
  function isHidden(schema: unknown): boolean {
    const flag = direction === 'input' ? 'readOnly' : 'writeOnly';
    if (objectOf(schema)?.[flag] === true) return true;
    const ref = objectOf(schema)?.['$ref'];
    const found = typeof ref === 'string' ? references.find(ref, base) : '';
    return typeof found !== 'string' && objectOf(found.value)?.[flag] === true;
  }

  function requiredOf(source: JsonObject): readonly string[] | undefined {
    const properties = objectOf(source['properties']);
    const names = new Set(textsOf(source['required']).filter((name) => !isHidden(properties?.[name])));
    return names.size === 0 ? undefined : [...names];
  }

  const schema = convert(value, 0, true);
  return { schema, refs, inPlace: inPlaceRefs, notes };
}

type Keywords = [keyword: string, value: unknown][];

function typeOf(source: JsonObject): Keywords {
  const { type } = source;
  if (type === 'file') return [['type', 'string']];
  const types = (Array.isArray(type) ? type : [type]).filter((one) => TYPES.has(one)) as string[];
  const [first] = types;
  return first === undefined ? [] : [['type', types.length === 1 ? first : [...new Set(types)]]];
}

/** An empty list is none. Answers get new values before descriptions do. */
function enumOf(source: JsonObject, direction: Direction): Keywords {
  const values = elementsOf(source['enum']);
  const unique = new Map(values.map((value) => [JSON.stringify(value) ?? 'null', value]));
  return unique.size === 0 ? [] : [[direction === 'input' ? 'enum' : 'examples', [...unique.values()]]];
}

function annotationsOf(source: JsonObject, direction: Direction): Keywords {
  const description = textOf(source['description']) ?? textOf(source['title']);
  const format = textOf(source['format']);
  const isFile = source['type'] === 'file' || format === 'binary';
  const isBase64 = isFile || format === 'byte' || format === 'base64';
  return [
    ['description', description],
    ['contentEncoding', isBase64 ? 'base64' : textOf(source['contentEncoding'])],
    ['contentMediaType', isFile ? 'application/octet-stream' : textOf(source['contentMediaType'])],
    ['format', isBase64 || direction === 'output' ? undefined : format],
  ];
}

/** Bounds and an example. */
function boundsOf(source: JsonObject): Keywords {
  const example = source['example'] ?? elementsOf(source['examples'])[0];
  const isSmall = example !== undefined && JSON.stringify(example).length <= MAX_EXAMPLE;
  return [
    ...exclusive(source, 'minimum', 'exclusiveMinimum'),
    ...exclusive(source, 'maximum', 'exclusiveMaximum'),
    ['examples', isSmall ? [example] : undefined],
  ];
}

/** 2.0 and 3.0: `exclusiveMinimum: true` says that `minimum` is exclusive. */
function exclusive(source: JsonObject, bound: string, flag: string): Keywords {
  if (source[flag] !== true || typeof source[bound] !== 'number') return [];
  return [
    [flag, source[bound]],
    [bound, undefined],
  ];
}

function patternOf(source: JsonObject, notes: Set<string>): Keywords {
  const pattern = textOf(source['pattern']);
  if (pattern === undefined) return [];
  if (isPattern(pattern)) return [['pattern', pattern]];
  notes.add(`the pattern "${clip(pattern, 60)}" is no regular expression of ECMAScript, and was left out`);
  return [];
}

function isPattern(text: string): boolean {
  try {
    return text.length <= MAX_PATTERN && new RegExp(text, 'u') instanceof RegExp;
  } catch {
    return false; // of another language
  }
}

/** 3.0: `nullable`. What has no type of its own is wrapped. */
function nullable(source: JsonObject, schema: JsonObject): JsonObject {
  if (source['nullable'] !== true && source['x-nullable'] !== true) return schema;
  const { type } = schema;
  if (type === undefined) {
    return Object.keys(schema).some((keyword) => keyword !== 'description')
      ? { anyOf: [schema, { type: 'null' }] }
      : schema;
  }
  const types = new Set([type, 'null'].flat());
  const values = schema['enum'];
  return {
    ...schema,
    type: [...types],
    ...(Array.isArray(values) && !values.includes(null) ? { enum: [...(values as unknown[]), null] } : {}),
  };
}

/** What is `undefined` goes; arrays say what is in them, as some models' interfaces want it. */
function tidy(schema: JsonObject): JsonObject {
  const kept = Object.entries(schema).filter(([, value]) => value !== undefined);
  const isBare = schema['type'] === 'array' && schema['items'] === undefined && schema['prefixItems'] === undefined;
  return Object.fromEntries(isBare ? [...kept, ['items', {}]] : kept);
}
