/** @module Fills in a path. Whatever the arguments are, it stays below the upstream's URL. */
import type { JsonText } from '@forge/protocol';
import { ArgumentError } from './arguments.ts';
import { escapeAll, simpleText } from './styles.ts';

/** A path in pieces: fixed texts, and the names of arguments between them. */
export interface PathTemplate {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

/** `/users/{id}`: names are what stands in braces. */
export function parsePath(path: string): PathTemplate {
  const pieces = path.split(/\{([^{}]*)\}/);
  return { texts: pieces.filter((_, at) => at % 2 === 0), names: pieces.filter((_, at) => at % 2 === 1) };
}

/**
 * The path with values in place.
 *
 * @throws ArgumentError for a value that is missing or empty, or would climb out of its place
 */
export function fillPath(
  { texts, names }: PathTemplate,
  valueOf: (name: string) => {
    readonly argument: string;
    readonly value: JsonText | undefined;
    readonly explode: boolean;
  },
): string {
  let path = texts[0] ?? '';
  names.forEach((name, at) => {
    const { argument, value, explode } = valueOf(name);
    const text = value === undefined ? '' : simpleText(value, explode, escapeAll);
    if (text === '') throw new ArgumentError(`"${argument}" is missing: it is a part of the path`);
    path += text + (texts[at + 1] ?? '');
  });
  // Escaping does not help: `%2e%2e` climbs as `..` does.
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw new ArgumentError(`"${names.join('", "')}" must not make a step of the path "." or ".."`);
  }
  return path;
}
