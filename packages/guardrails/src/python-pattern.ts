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
  return { source, flags: usable(source, [...new Set(flags)].join('')), replacement: replacementOf(replace) };
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

/** `\1` and `\g<name>` are groups; a dollar is a dollar. */
function replacementOf(replace: string): string {
  return replace
    .replaceAll('$', '$$$$')
    .replaceAll(
      /\\(?:g<(\d+)>|g<(\w+)>|(\d{1,2})|n|t|\\)/g,
      (escape, number?: string, name?: string, digit?: string) => {
        if (name !== undefined) return `$<${name}>`;
        const group = number ?? digit;
        if (group !== undefined) return Number(group) === 0 ? '$&' : `$${Number(group)}`;
        return { '\\n': '\n', '\\t': '\t' }[escape] ?? '\\';
      },
    );
}
