/** @module The schemas of a document, each converted once for each direction, and bundled into schemas that stand alone. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../config/operation.ts';
import { type Converted, convertSchema, DEFS, type Direction } from './convert-schema.ts';
import type { Located, References } from './references.ts';
import { shorten, sizeOf, stubOf, withoutProse } from './shorten.ts';
import { clip } from './values.ts';

/** Notes of one schema. */
const MAX_NOTES = 10;

/** A schema that stands alone. */
export interface Bundled {
  readonly schema: JsonObject;
  readonly notes: readonly string[];
}

/** The schemas of a document for one direction. */
export interface SchemaSet {
  /** A schema that stands in the document at `base`. */
  convert(value: unknown, base: string): Converted;
  /** What a `$ref` of a converted schema leads to. */
  resolve(ref: unknown): Converted | undefined;
  /** An object made of converted parts, with all definitions that it needs. What is too large loses its prose, then what lies deepest. */
  bundle(schema: JsonObject, parts: readonly Converted[]): Bundled;
}

interface Definition {
  readonly name: string;
  readonly located: Located;
  /** As it stands, endless or not. */
  raw?: Converted;
  converted?: Converted;
  size?: number;
  brief?: { readonly schema: JsonObject | boolean; readonly size: number };
}

interface Definitions {
  readonly $defs: Record<string, JsonObject | boolean>;
  readonly isWhole: boolean;
}

/** Options of {@link createSchemaSet}. */
export interface SchemaSetOptions {
  readonly references: References;
  readonly direction: Direction;
  /** OpenAPI 2.0 or 3.0. */
  readonly isOld: boolean;
  /** Characters that a bundled schema may have, about. */
  readonly max: number;
}

/** No schema is converted before it is needed. */
export function createSchemaSet({ references, direction, isOld, max }: SchemaSetOptions): SchemaSet {
  const names = new Map<string, string>();
  const byName = new Map<string, Definition>();

  const nameOf = (located: Located): string => {
    const known = names.get(located.key);
    if (known !== undefined) return known;
    const name = definitionName(located.key);
    names.set(located.key, name);
    byName.set(name, { name, located });
    return name;
  };
  const convert = (value: unknown, base: string): Converted =>
    convertSchema(value, base, { references, direction, isOld, nameOf });

  const rawOf = (definition: Definition): Converted =>
    (definition.raw ??= convert(definition.located.value, definition.located.base));
  const convertedOf = (definition: Definition): Converted =>
    (definition.converted ??= isEndless(definition) ? endless(definition.located.key) : rawOf(definition));
  const isEndless = (start: Definition): boolean => {
    const seen = new Set<string>();
    const waiting = [...rawOf(start).inPlace];
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      if (name === start.name) return true;
      const next = byName.get(name);
      if (next === undefined || seen.has(name)) continue;
      seen.add(name);
      for (const one of rawOf(next).inPlace) waiting.push(one);
    }
    return false;
  };
  const fullOf = (definition: Definition) => {
    const { schema } = convertedOf(definition);
    return { schema, size: (definition.size ??= sizeOf(schema)) };
  };
  const briefOf = (definition: Definition) => {
    if (definition.brief === undefined) {
      const schema = withoutProse(convertedOf(definition).schema);
      definition.brief = { schema, size: sizeOf(schema) };
    }
    return definition.brief;
  };

  /** Nearest first, as many as there is room for; the others are there by their type only. */
  function definitionsFor(root: JsonObject, room: number, bodyOf: typeof briefOf): Definitions {
    const waiting = [...refsIn(root)];
    const $defs: Definitions['$defs'] = Object.create(null) as Definitions['$defs'];
    let left = room;
    let isWhole = true;
    for (const name of waiting) {
      const definition = byName.get(name);
      if (definition === undefined || name in $defs) continue;
      const { schema, size } = bodyOf(definition);
      const fits = size <= left;
      $defs[name] = fits ? schema : stubOf(schema);
      left -= name.length + (fits ? size : 20);
      isWhole &&= fits;
      if (fits) for (const one of convertedOf(definition).refs) waiting.push(one);
    }
    return { $defs: { ...$defs }, isWhole };
  }

  function bundle(schema: JsonObject, parts: readonly Converted[]): Bundled {
    const notes = new Set(parts.flatMap((part) => [...part.notes]));
    const done = (root: JsonObject, { $defs }: Definitions): Bundled => {
      for (const name of Object.keys($defs)) {
        const definition = byName.get(name);
        for (const note of definition === undefined ? [] : convertedOf(definition).notes) notes.add(note);
      }
      const whole = Object.keys($defs).length === 0 ? root : { ...root, $defs };
      return { schema: whole, notes: [...notes].slice(0, MAX_NOTES) };
    };
    if (direction === 'input') {
      const full = definitionsFor(schema, max - sizeOf(schema), fullOf);
      if (full.isWhole && sizeOf(schema) <= max) return done(schema, full);
    }
    const root = direction === 'input' && sizeOf(schema) <= max / 2 ? schema : (withoutProse(schema) as JsonObject);
    const brief = definitionsFor(root, max - sizeOf(root), briefOf);
    if (!brief.isWhole || sizeOf(root) > max) {
      notes.add(`the ${direction} schema is too large: what lies deepest is left out of it`);
    }
    return sizeOf(root) <= max ? done(root, brief) : done(shorten(root, max), { $defs: {}, isWhole: false });
  }

  return {
    convert,
    resolve(ref) {
      const definition = typeof ref === 'string' ? byName.get(ref.slice(DEFS.length)) : undefined;
      return definition && convertedOf(definition);
    },
    bundle,
  };
}

/** Names of the definitions that a schema needs itself. */
function refsIn(value: unknown, names = new Set<string>()): ReadonlySet<string> {
  if (typeof value !== 'object' || value === null) return names;
  const ref = (value as { $ref?: unknown }).$ref;
  if (typeof ref === 'string' && ref.startsWith(DEFS)) names.add(ref.slice(DEFS.length));
  for (const member of Object.values(value)) refsIn(member, names);
  return names;
}

function endless(key: string): Converted {
  const notes = new Set([`${clip(key, 100)} refers to itself without end`]);
  return { schema: {}, refs: new Set(), inPlace: new Set(), notes };
}

/** `#/components/schemas/Pet` -> `Pet`; what stands elsewhere, or has another spelling, is told apart by a hash. */
function definitionName(key: string): string {
  const plain = /^#\/(?:components\/schemas|definitions)\/([A-Za-z0-9_.-]{1,64})$/.exec(key)?.[1];
  if (plain !== undefined && plain !== '__proto__') return plain;
  const last = key.slice(key.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9_.-]+/g, '_');
  return `${last.slice(0, 50)}_${createHash('sha256').update(key).digest('hex').slice(0, 8)}`;
}
