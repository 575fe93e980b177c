/** @module Regular expressions and replacements as Python's `re` has them, for those who come from ContextForge. */
import type { Rule } from './replacer.ts';

const FLAGS: Readonly<Record<string, string>> = { i: 'i', m: 'm', s: 's', u: '', a: '' };

/**
 * A rule of a pattern and a replacement in Python's spelling, or in JavaScript's where the two are the same.
 *
 * @throws SyntaxError saying what is wrong
 */
export function pythonRule(search: string, replace: string): Rule {
  const [, letters = '', body = ''] = /^(?:\(\?([a-z]+)\))?([\s\S]*)$/.exec(search) ?? [];
  const flags = letters.split('').map((letter) => {
    const flag = FLAGS[letter];
    if (flag === undefined) throw new SyntaxError(`the flag (?${letter}) is not known here`);
    return flag;
  });
  const source = body
    .replaceAll('(?P<', '(?<')
    .replaceAll(/\(\?P=(\w+)\)/g, String.raw`\k<$1>`)
    .replaceAll(/(?<!\\)((?:\\\\)*)\\A/g, '$1(?<![\\s\\S])')
    .replaceAll(/(?<!\\)((?:\\\\)*)\\Z/g, '$1(?![\\s\\S])');
  const usableFlags = usable(source, [...new Set(flags)].join(''));
  return { source, flags: usableFlags, replacement: replacementOf(replace, groupsOf(source, usableFlags)) };
}

/** Characters beyond 16 bits are one, unless the pattern has escapes that only the older form takes. */
function usable(source: string, flags: string): string {
  try {
    void new RegExp(source, `gu${flags}`);
    return `gu${flags}`;
  } catch {
    void new RegExp(source, `g${flags}`); // throws where neither form takes it
    return `g${flags}`;
  }
}

/** What may be referred to. With nothing as its first choice a pattern matches nothing, and shows its groups. */
function groupsOf(source: string, flags: string): ReadonlySet<string> {
  const match = new RegExp(`|${source}`, flags).exec('');
  return new Set([...(match?.keys() ?? []), ...Object.keys(match?.groups ?? {})].map(String));
}

const ESCAPES: Readonly<Record<string, string>> = { '\\n': '\n', '\\t': '\t', '\\\\': '\\' };

/** `\1` and `\g<name>` are groups; a dollar is a dollar. */
function replacementOf(replace: string, groups: ReadonlySet<string>): Rule['replacement'] {
  const parts: (string | { group: number | string })[] = [];
  let copied = 0;
  for (const match of replace.matchAll(/\\(?:g<(\w+)>|(\d{1,2})|[nt\\])/g)) {
    const [escape, name, digits] = match;
    parts.push(replace.slice(copied, match.index));
    copied = match.index + escape.length;
    const group = name ?? digits;
    if (group === undefined) parts.push(ESCAPES[escape] ?? escape);
    else parts.push({ group: referred(group, groups) });
  }
  return [...parts, replace.slice(copied)].filter((part) => part !== '');
}

/** As the pattern calls the group: by number or by name. */
function referred(group: string, groups: ReadonlySet<string>): number | string {
  const key = /^\d+$/.test(group) ? Number(group) : group;
  if (!groups.has(String(key)))
    throw new SyntaxError(`the replacement refers to the group "${group}", and there is none`);
  return key;
}
