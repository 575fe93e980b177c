/** @module One description: its revision, its parts, and its operations in order. */
import type { JsonObject } from '../config/operation.ts';
import type { References } from './references.ts';
import { clip, DocumentError, membersOf, objectOf, textOf, textsOf } from './values.ts';

/** Revisions that differ in what they mean. 3.2 is read as 3.1. */
export type Revision = '2.0' | '3.0' | '3.1';

/** A description of an API. */
export interface Description {
  readonly revision: Revision;
  readonly document: JsonObject;
  readonly references: References;
  readonly title: string;
}

/** An operation where it stands. */
export interface Found {
  /** Upper case. */
  readonly method: string;
  readonly path: string;
  readonly operation: JsonObject;
  readonly operationId: string | undefined;
  readonly tags: readonly string[];
  /** The path item without its operations. */
  readonly item: JsonObject;
  /** URLs of the documents that both stand in. */
  readonly base: string;
  readonly itemBase: string;
}

/** What is no operation, and why. */
export interface Broken {
  readonly method: string;
  readonly path: string;
  readonly reason: string;
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options', 'trace', 'query'] as const;
/** Operations that are looked at. */
const MAX_FOUND = 50_000;

/** @throws DocumentError for what is no OpenAPI description */
export function describe(document: JsonObject, references: References): Description {
  const version = document['swagger'] ?? document['openapi'];
  const revision = revisionOf(version);
  if (revision === undefined) {
    const told =
      version === undefined ? 'has neither "openapi" nor "swagger"' : `says ${clip(JSON.stringify(version), 40)}`;
    throw new DocumentError(`This is no OpenAPI description of 2.0, 3.0 or 3.1: it ${told}`);
  }
  if (objectOf(document['paths']) === undefined) {
    throw new DocumentError('The description has no "paths": there is nothing to import');
  }
  const title = clip(textOf(objectOf(document['info'])?.['title']) ?? 'API', 200);
  return { revision, document, references, title };
}

/** YAML reads `3.0` and `2.0` as numbers. */
function revisionOf(version: unknown): Revision | undefined {
  const text = typeof version === 'number' ? version.toFixed(1) : textOf(version);
  const [, number] = /^(2\.0|3\.[0-2])(?:\.\d+)?(?:-\S{1,20})?$/.exec(text ?? '') ?? [];
  return number === '3.2' ? '3.1' : (number as Revision | undefined);
}

/** Every operation below `paths`, in the order of the document. */
export function findOperations({ document, references }: Description): (Found | Broken)[] {
  const found: (Found | Broken)[] = [];
  for (const [path, given] of membersOf(document['paths'])) {
    if (path.startsWith('x-')) continue;
    const followed = references.follow(given, references.root);
    if (typeof followed === 'string') {
      found.push({ method: '*', path, reason: followed });
      continue;
    }
    const { value: item, base: itemBase } = followed;
    for (const method of METHODS) {
      if (item[method] === undefined || found.length >= MAX_FOUND) continue;
      const upper = method.toUpperCase();
      const at = references.follow(item[method], itemBase);
      if (typeof at === 'string') found.push({ method: upper, path, reason: at });
      else found.push({ ...place(at.value), method: upper, path, item, base: at.base, itemBase });
    }
  }
  return found;
}

function place(operation: JsonObject): Pick<Found, 'operation' | 'operationId' | 'tags'> {
  return { operation, operationId: textOf(operation['operationId']), tags: textsOf(operation['tags']) };
}
