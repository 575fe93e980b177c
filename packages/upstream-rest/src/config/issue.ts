/** @module What is wrong with a configuration, by field, in words that say what is taken. */
import { issueWords } from '@forge/core';
import type { z } from 'zod';

/** The first thing to put right: a key that there is not explains the one that is missing. Found with `reportInput`. */
export function firstIssue({ issues }: z.core.$ZodError): { readonly field: string; readonly message: string } {
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const path = issue?.path ?? [];
  if (issue?.code === 'unrecognized_keys') {
    return { field: [...path, issue.keys[0]?.slice(0, 100)].join('.'), message: 'is not known here' };
  }
  return { field: path.join('.'), message: issue === undefined ? 'is invalid' : issueWords(issue) };
}
