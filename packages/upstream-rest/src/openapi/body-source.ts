/** @module The body of an operation as its document describes it, in every revision. */
import type { JsonObject } from '../config/operation.ts';
import type { Description, Found } from './document.ts';
import { bestType, encodingOf, isForm } from './media-types.ts';
import type { Parameters } from './parameters.ts';
import { objectOf, textOf, textsOf, Unmappable } from './values.ts';

/** A body as the document describes it, whatever its revision. */
export interface BodySource {
  readonly type: string;
  readonly schema: unknown;
  readonly base: string;
  readonly isRequired: boolean;
  readonly description: string | undefined;
  readonly encoding: JsonObject;
}

/** The body; `undefined`: there is none. @throws Unmappable */
export function bodySource(
  found: Found,
  description: Description,
  ofBody: Parameters['ofBody'],
): BodySource | undefined {
  return description.revision === '2.0' ? oldSource(found, description, ofBody) : sourceOf(found, description);
}

/** 3.0 and 3.1: `requestBody`. */
function sourceOf({ operation, base }: Found, { references }: Description): BodySource | undefined {
  if (operation['requestBody'] === undefined) return undefined;
  const followed = references.follow(operation['requestBody'], base);
  if (typeof followed === 'string') throw new Unmappable(`its body is not there: ${followed}`);
  const { value, base: at } = followed;
  const content = objectOf(value['content']) ?? {};
  const type = bestType(Object.keys(content));
  if (type === undefined) return undefined;
  const media = references.follow(content[type], at);
  const { value: about, base: from } = typeof media === 'string' ? { value: {} as JsonObject, base: at } : media;
  return {
    type,
    schema: about['schema'] ?? {},
    base: from,
    isRequired: value['required'] === true,
    description: textOf(value['description']),
    encoding: objectOf(about['encoding']) ?? {},
  };
}

/** 2.0: a parameter that is the body, or parameters that are its fields. */
function oldSource(found: Found, { document }: Description, ofBody: Parameters['ofBody']): BodySource | undefined {
  const [first] = ofBody;
  if (first === undefined) return undefined;
  const consumes = textsOf(found.operation['consumes'] ?? document['consumes']);
  const body = ofBody.find(({ source }) => source['in'] === 'body');
  if (body !== undefined) {
    const { source, base } = body;
    const description = textOf(source['description']);
    const isRequired = source['required'] === true;
    return {
      type: bestType(consumes) ?? 'application/json',
      schema: source['schema'] ?? {},
      base,
      isRequired,
      description,
      encoding: {},
    };
  }
  // Each is its own schema; what belongs to parameters only says nothing there.
  const fields = ofBody.flatMap(({ source }) =>
    typeof source['name'] === 'string' ? [[source['name'], source] as const] : [],
  );
  const hasFile = fields.some(([, schema]) => schema['type'] === 'file');
  const forms = consumes.filter((type) => isForm(encodingOf(type)));
  const type = hasFile ? 'multipart/form-data' : (bestType(forms) ?? 'application/x-www-form-urlencoded');
  const required = ofBody.filter(({ source }) => source['required'] === true).map(({ source }) => source['name']);
  const schema = { type: 'object', properties: Object.fromEntries(fields), required };
  const encoding = fields.map(([name, field]) => [name, oldEncoding(field)] as const);
  return {
    type,
    schema,
    base: first.base,
    isRequired: true,
    description: undefined,
    encoding: Object.fromEntries(encoding),
  };
}

/** 2.0: lists are written with commas unless something else is said. */
function oldEncoding({ type, collectionFormat }: JsonObject): JsonObject {
  if (type !== 'array' || collectionFormat === 'multi') return {};
  const style = { ssv: 'spaceDelimited', pipes: 'pipeDelimited' }[String(collectionFormat)] ?? 'form';
  return { style, explode: false };
}
