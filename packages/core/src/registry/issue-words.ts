/** @module What a schema finds wrong with a value, in words that say what is taken. */

/** An issue of zod, as far as words depend on it. It must have been found with `reportInput`. */
export interface SchemaIssue {
  readonly code?: string | undefined;
  readonly message: string;
  readonly input?: unknown;
  /** Of `invalid_type`. */
  readonly expected?: string | undefined;
  readonly format?: unknown;
  /** Of `invalid_value`. */
  readonly values?: readonly unknown[] | undefined;
  /** Of what is too small or too big. */
  readonly origin?: string | undefined;
  readonly minimum?: number | bigint | undefined;
  readonly maximum?: number | bigint | undefined;
  /** Of `invalid_union`: what each of its members finds. */
  readonly errors?: readonly (readonly SchemaIssue[])[] | undefined;
}

/** Words for types. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** Values that are listed at most. */
const MAX_LISTED = 30;

/** What is wrong, to stand behind the name of the field: `must be a text, not a number`. The value itself is never told. */
export function issueWords(issue: SchemaIssue): string {
  if (issue.input === undefined) return 'is missing';
  const { code, values = [], errors = [], minimum, maximum } = issue;
  switch (code) {
    case 'invalid_type':
      return `must be ${nounOf(issue)}, not ${kindOf(issue.input)}`;
    case 'invalid_value':
      return `must be ${values.length === 1 ? '' : 'one of '}${values.slice(0, MAX_LISTED).join(', ')}`;
    case 'too_small':
      return `must ${verbOf(issue)} at least ${minimum}${unitOf(issue)}`;
    case 'too_big':
      return `must ${verbOf(issue)} at most ${maximum}${unitOf(issue)}`;
    case 'invalid_union': {
      const nouns = errors.flatMap(([one]) => (one?.code === 'invalid_type' ? [nounOf(one)] : []));
      return nouns.length > 0 && nouns.length === errors.length ? `must be ${nouns.join(' or ')}` : issue.message;
    }
    default:
      return issue.message;
  }
}

function nounOf({ expected = '', format }: SchemaIssue): string {
  return (typeof format === 'string' && format.includes('int') ? NOUNS['int'] : NOUNS[expected]) ?? expected;
}

/** The kind of a value, never the value: it may be a secret. */
function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'a list';
  if (Number.isNaN(input)) return 'a text'; // of a query, where everything is one
  return typeof input === 'boolean' ? 'a truth value' : (NOUNS[typeof input] ?? typeof input);
}

function verbOf({ origin }: SchemaIssue): string {
  return origin === 'string' || origin === 'array' ? 'have' : 'be';
}

function unitOf({ origin }: SchemaIssue): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' elements' : '';
}
