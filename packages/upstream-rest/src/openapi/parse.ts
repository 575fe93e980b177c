/** @module Text to a document: JSON or YAML, of any nesting that a description has, with aliases but no bombs of them. */
import { parse as parseYaml } from 'yaml';
import type { JsonObject } from '../config/operation.ts';
import { clip, DocumentError, objectOf } from './values.ts';

/** Bytes of a document, and of all documents that it refers to. */
export const MAX_BYTES = 16 * 1024 * 1024;
/** How often YAML aliases may stand for what stands elsewhere. */
const MAX_ALIASES = 1000;

/** Looking for keys that stand twice takes time that grows with the square of their number. */
const OPTIONS = { maxAliasCount: MAX_ALIASES, merge: true, uniqueKeys: false, logLevel: 'error' } as const;

/** The object that a text describes. @throws DocumentError saying where it is broken */
export function parseDocument(text: string): JsonObject {
  if (text.length > MAX_BYTES) throw new DocumentError(`The document has more than ${MAX_BYTES} bytes`);
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  const document = objectOf(/^\s*[{[]/.test(body) ? fromJson(body) : fromYaml(body));
  if (document === undefined) throw new DocumentError('The document is not an object: it describes no API');
  return document;
}

/** Some write YAML in braces. */
function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (/^\s*\{\s*["}]/.test(text) || text.length > 1024 * 1024) {
      throw new DocumentError(`The document is no JSON: ${reasonOf(error)}`, { cause: error });
    }
    return fromYaml(text);
  }
}

function fromYaml(text: string): unknown {
  try {
    return parseYaml(text, OPTIONS);
  } catch (error) {
    throw new DocumentError(`The document is neither JSON nor YAML: ${reasonOf(error)}`, { cause: error });
  }
}

/** The first line: the rest shows the text. */
function reasonOf(error: unknown): string {
  return clip((error as Error).message.split('\n', 1)[0] ?? '', 200);
}
