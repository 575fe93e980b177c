/** @module What is wrong with a configuration, by field, in words that say what is taken. */
import type { z } from 'zod';

/** The first thing to put right: a key that there is not explains the one that is missing. */
export function firstIssue({ issues }: z.core.$ZodError): { readonly field: string; readonly message: string } {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const path = issue?.path ?? [];
  if (issue?.code === 'unrecognized_keys') {
    return { field: [...path, issue.keys[0]?.slice(0, 100)].join('.'), message: 'is not known here' };
  }
  return { field: path.join('.'), message: wordsOf(issue) };
}

function wordsOf(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_value') return `must be one of ${issue.values.join(', ')}`;
  if (issue?.code === 'invalid_type' && issue.message.endsWith('received undefined')) return 'is missing';
  if (issue?.code === 'invalid_type') return `must be ${NOUNS[issue.expected] ?? issue.expected}`;
  return issue?.message ?? 'is invalid';
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};
