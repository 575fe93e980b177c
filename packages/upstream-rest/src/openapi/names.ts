/** @module Names of tools and arguments: made fit for models' interfaces, unique, the same wherever they stand. */
import { createHash } from 'node:crypto';
import type { Found } from './document.ts';

const MAX_NAME = 64;

/** What tells an operation from all others: `GET /users/{id}`. */
export function keyOf({ method, path }: Pick<Found, 'method' | 'path'>): string {
  return `${method} ${path}`;
}

/**
 * The names of tools, by {@link keyOf}: the `operationId` made fit, else method and path. Operations that would have the
 * same one each get a hash of their method and path, so that no name depends on the order of the document.
 */
export function toolNames(operations: readonly Found[]): ReadonlyMap<string, string> {
  const wanted = operations.map((operation) => {
    const { operationId, method, path } = operation;
    return { key: keyOf(operation), name: fit(operationId ?? `${method.toLowerCase()}${path}`, '') };
  });
  const counts = new Map<string, number>();
  for (const { name } of wanted) counts.set(name, (counts.get(name) ?? 0) + 1);
  return new Map(wanted.map(({ key, name }) => [key, counts.get(name) === 1 ? name : hashedName(name, key)]));
}

/** The name of an argument: letters, digits, `_`, `.` and `-`. */
export function argumentName(name: string): string {
  return fit(name, '.');
}

/** Characters that are not allowed become `_` within, and nothing at the ends; too long a name ends in a hash of the whole. */
function fit(name: string, also: '' | '.'): string {
  const other = `[^A-Za-z0-9_${also}-]+`;
  const clean = name.replaceAll(new RegExp(`^${other}|${other}$`, 'g'), '').replaceAll(new RegExp(other, 'g'), '_');
  if (clean === '' || clean === '__proto__') return hashedName('unnamed', name);
  return clean.length > MAX_NAME ? hashedName(clean, name) : clean;
}

/** A name that a hash of something longer tells apart. */
export function hashedName(name: string, whole: string): string {
  const suffix = `_${createHash('sha256').update(whole).digest('hex').slice(0, 8)}`;
  return name.slice(0, MAX_NAME - suffix.length) + suffix;
}
