/** @module One operation of a description as one tool. */
import { METHODS, type JsonObject, type RestMethod, type RestOperation } from '../config/operation.ts';
import { mapAnswer } from './answers.ts';
import { mapBody } from './body.ts';
import type { Description, Found } from './document.ts';
import { mapParameters, type MappedParameter, type Parameters } from './parameters.ts';
import type { Bundled, SchemaSet } from './schema-set.ts';
import { clip, textOf, Unmappable } from './values.ts';

/** What operations of one description share. */
export interface MappingContext {
  readonly description: Description;
  readonly inputs: SchemaSet;
  readonly outputs: SchemaSet;
}

/** A tool, and what was lost on the way. */
export interface Mapped {
  readonly operation: RestOperation;
  readonly notes: readonly string[];
}

const MAX_TITLE = 200;
const MAX_DESCRIPTION = 4000;
const MAX_LINKS = 10;

/**
 * @param path with what stands before it at the server
 * @throws Unmappable
 */
export function mapOperation(
  found: Found,
  { description, inputs, outputs }: MappingContext,
  { name, path, credentials }: { name: string; path: string; credentials: readonly string[] },
): Mapped {
  const method = METHODS.find((one) => one === found.method);
  if (method === undefined) throw new Unmappable(`the method ${found.method} is not supported`);
  const target = targetOf(found.path, path);
  const parameters = inQuery(mapParameters(found, description, inputs), target.places);
  const taken = new Set(parameters.mapped.map(({ parameter }) => parameter.argument));
  const mapped = mapBody(found, description, inputs, parameters, taken);
  const input = inputSchema(parameters.mapped, mapped, inputs);
  const { outputSchema: output, accept, links } = mapAnswer(found, description, outputs);
  const isOpen = mapped.additional !== undefined;
  const title = textOf(found.operation['summary']);

  const operation: RestOperation = {
    name,
    ...(title === undefined ? {} : { title: clip(title, MAX_TITLE) }),
    description: descriptionOf(found, links, mapped.notes),
    inputSchema: input.schema,
    ...(output === undefined ? {} : { outputSchema: output.schema }),
    annotations: ANNOTATIONS[method],
    method,
    path: withPrefixes(target.path, parameters.mapped),
    ...(target.query === undefined ? {} : { query: target.query }),
    ...(parameters.mapped.length === 0 ? {} : { parameters: parameters.mapped.map(({ parameter }) => parameter) }),
    ...('body' in mapped ? { body: mapped.body } : {}),
    otherArguments: isOpen ? 'body' : 'refuse',
    ...(accept === undefined ? {} : { headers: { Accept: accept } }),
    credentials,
  };
  const notes = new Set([...parameters.notes, ...mapped.notes, ...input.notes, ...(output?.notes ?? [])]);
  return { operation, notes: [...notes] };
}

/** RFC 9110, 9.2: what a method promises. POST and PATCH promise nothing. */
const ANNOTATIONS: Readonly<Record<RestMethod, JsonObject>> = {
  GET: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  HEAD: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  OPTIONS: { readOnlyHint: true, destructiveHint: false, idempotentHint: true },
  PUT: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  DELETE: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  POST: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
  PATCH: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
};

function inputSchema(
  parameters: readonly MappedParameter[],
  body: ReturnType<typeof mapBody>,
  schemas: SchemaSet,
): Bundled {
  const ofParameters = parameters.map(({ parameter, converted }) => [parameter.argument, converted.schema] as const);
  const required = [
    ...parameters.filter(({ isRequired }) => isRequired).map(({ parameter }) => parameter.argument),
    ...body.required,
  ];
  const schema: JsonObject = {
    type: 'object',
    properties: Object.fromEntries([...ofParameters, ...body.properties]),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: body.additional ?? false,
  };
  return schemas.bundle(schema, [...parameters.map(({ converted }) => converted), ...body.parts]);
}

interface Target {
  readonly path: string;
  /** Constants of the query that is a part of the path. */
  readonly query?: Readonly<Record<string, string>>;
  /** Parameters of the path that stand in that query, and their names there: `/things?at={place}`. */
  readonly places: ReadonlyMap<string, string>;
}

function targetOf(own: string, path: string): Target {
  if (!own.startsWith('/')) throw new Unmappable('its path does not begin with a slash');
  // Some tell operations apart by fragments, which are never sent.
  const [bare = '', query] = path.replace(/#.*$/s, '').split('?', 2);
  if (/[{}]/.test(bare.replaceAll(/\{[^{}]+\}/g, '')))
    throw new Unmappable('its path has a brace without its other half');
  if (/[\\\s]|\/(?:\.|%2e){1,2}(?:\/|$)/i.test(bare)) throw new Unmappable('its path has steps that lead elsewhere');
  const pairs = [...new URLSearchParams(query)];
  const places = pairs.flatMap(([name, value]) => {
    const [, place] = /^\{([^{}]+)\}$/.exec(value) ?? [];
    return place === undefined ? [] : [[place, name] as const];
  });
  const constants = pairs.filter(([, value]) => !/[{}]/.test(value));
  return {
    path: bare,
    ...(constants.length === 0 ? {} : { query: Object.fromEntries(constants) }),
    places: new Map(places),
  };
}

/** Parameters of the path that are written in its query belong to the query. */
function inQuery(parameters: Parameters, places: ReadonlyMap<string, string>): Parameters {
  const mapped = parameters.mapped.map((one): MappedParameter => {
    const { argument, name = argument, in: place } = one.parameter;
    const key = place === 'path' ? places.get(name) : undefined;
    return key === undefined ? one : { ...one, parameter: { ...one.parameter, in: 'query', name: key } };
  });
  return { ...parameters, mapped };
}

/** Styles `label` and `matrix` are texts before the value. */
function withPrefixes(path: string, parameters: readonly MappedParameter[]): string {
  return parameters
    .filter(({ prefix }) => prefix !== '')
    .reduce((text, { parameter: { name, argument }, prefix }) => {
      const place = `{${name ?? argument}}`;
      return text.replace(place, () => prefix + place);
    }, path);
}

function descriptionOf({ operation, method, path }: Found, links: readonly string[], notes: readonly string[]): string {
  const texts = [
    operation['deprecated'] === true ? 'Deprecated.' : undefined,
    textOf(operation['description']) ?? textOf(operation['summary']) ?? `${method} ${path}`,
    ...notes
      .filter((note) => note.startsWith('one of these'))
      .map((note) => `${note[0]?.toUpperCase()}${note.slice(1)}.`),
    links.length === 0 ? undefined : `To go on with the answer: ${links.slice(0, MAX_LINKS).join('; ')}.`,
  ];
  return clip(texts.filter((text) => text !== undefined).join('\n\n'), MAX_DESCRIPTION);
}
