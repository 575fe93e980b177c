/** @module Names in aggregates: `<slug><separator><original>`, the same whatever else is registered, at most 64 characters. */

/** The longest name that common model APIs take. */
export const MAX_NAME_LENGTH = 64;

/** Characters that 2026-07-28 allows in a name (server/tools, Tool Names). */
const ALLOWED = /^[A-Za-z0-9_./-]+$/;

/**
 * The name of an upstream's tool or prompt in an aggregate. One that is too long, or has characters that clients refuse,
 * is shortened or cleaned and ends in a hash of the original.
 *
 * @example
 * aggregateName('git', '-', 'git_status'); // 'git-git_status'
 */
export function aggregateName(slug: string, separator: string, original: string): string {
  const name = `${slug}${separator}${original}`;
  if (name.length <= MAX_NAME_LENGTH && ALLOWED.test(name)) return name;
  return hashedName(name);
}

/** A name cut and cleaned to fit, told apart by a hash of the whole. */
export function hashedName(name: string): string {
  const suffix = `_${hash(name)}`;
  return name.replaceAll(/[^A-Za-z0-9_./-]/g, '_').slice(0, MAX_NAME_LENGTH - suffix.length) + suffix;
}

/** `My Server` -> `my-server`; at most 40 characters, so that names keep room. */
export function slugify(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replaceAll(/^-+|-+$/g, '');
  return slug === '' ? `u-${hash(name)}` : slug;
}

/** 53 bits of cyrb53 in base 36: names differ, nothing is secret. */
function hash(text: string): string {
  let a = 0xdeadbeef;
  let b = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    a = Math.imul(a ^ code, 2654435761);
    b = Math.imul(b ^ code, 1597334677);
  }
  a = Math.imul(a ^ (a >>> 16), 2246822507) ^ Math.imul(b ^ (b >>> 13), 3266489909);
  b = Math.imul(b ^ (b >>> 16), 2246822507) ^ Math.imul(a ^ (a >>> 13), 3266489909);
  return (4294967296 * (2097151 & b) + (a >>> 0)).toString(36).padStart(11, '0').slice(-8);
}
