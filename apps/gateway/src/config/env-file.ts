/** @module Reads `.env` files, and remembers on which line each key stands. */

/** One `KEY=value` of a file. */
interface EnvEntry {
  readonly key: string;
  readonly value: string;
  readonly line: number;
}

/** A line that cannot be used, or a reference that leads nowhere. */
interface EnvProblem {
  readonly line: number;
  readonly message: string;
}

/** A parsed file. */
export interface EnvFile {
  readonly name: string;
  readonly entries: readonly EnvEntry[];
  readonly problems: readonly EnvProblem[];
}

type Lookup = (name: string) => string | undefined;

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=[ \t]*(.*)$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/**
 * Parses `KEY=value` lines. `#` starts a comment, at the start of a line or behind white space. `'...'` is taken as it
 * stands; `"..."` knows `\n`, `\r`, `\t`, `\\`, `\"` and `\$`; both may span lines. Outside of `'...'`, `${NAME}` stands for
 * a variable of the environment or of a line above, `${NAME:-default}` for `default` where there is none.
 */
export function parseEnvFile(name: string, text: string, environment: Lookup): EnvFile {
  const entries: EnvEntry[] = [];
  const problems: EnvProblem[] = [];
  const lookup: Lookup = (key) => environment(key) ?? entries.findLast((entry) => entry.key === key)?.value;
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = index + 1;
    const first = lines[index] ?? '';
    if (/^\s*(#|$)/.test(first)) continue;
    const [, key = '', start = ''] = ASSIGNMENT.exec(first) ?? [];
    if (key === '') {
      problems.push({ line, message: 'this line is not of the form KEY=value' });
      continue;
    }
    let raw = start;
    while (opensQuote(raw) && index + 1 < lines.length) {
      index += 1;
      raw += `\n${lines[index]}`;
    }
    const value = readValue(raw, lookup);
    if (typeof value === 'string') entries.push({ key, value, line });
    else problems.push({ line, message: `${key}: ${value.problem}` });
  }
  return { name, entries, problems };
}

/** `'` or `"` at the start whose partner has not come yet. */
function opensQuote(raw: string): boolean {
  return /^'[^']*$/.test(raw) || /^"(?:[^"\\]|\\[\s\S])*$/.test(raw);
}

function readValue(raw: string, lookup: Lookup): string | { problem: string } {
  const quote = raw[0];
  if (quote !== '"' && quote !== "'") return interpolate(raw.replace(/(^|\s)#.*$/, '').trim(), lookup);
  const quoted = quote === "'" ? /^'([^']*)'\s*(#.*)?$/.exec(raw) : /^"((?:[^"\\]|\\[\s\S])*)"\s*(#.*)?$/.exec(raw);
  if (quoted === null)
    return { problem: opensQuote(raw) ? `the quote ${quote} is never closed` : 'something follows the closing quote' };
  const body = quoted[1] ?? '';
  return quote === "'" ? body : interpolate(body, lookup, true);
}

/**
 * Replaces `${NAME}` and `${NAME:-default}`; `escapes` also replaces backslash sequences.
 *
 * @returns the text, or which variable is not set.
 */
function interpolate(text: string, lookup: Lookup, escapes = false): string | { problem: string } {
  let missing: string | undefined;
  const result = text.replaceAll(
    /\\([\s\S])|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
    (whole, escaped: string | undefined, name: string | undefined, fallback: string | undefined) => {
      if (name === undefined) return escapes ? (ESCAPES[escaped ?? ''] ?? escaped ?? '') : whole;
      const value = lookup(name) ?? fallback;
      if (value === undefined) missing ??= name;
      return value ?? '';
    },
  );
  return missing === undefined ? result : { problem: `\${${missing}} is not set` };
}
