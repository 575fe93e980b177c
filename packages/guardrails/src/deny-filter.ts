/** @module `deny_filter`: calls whose arguments, or results, have one of some words do not go on. */
import type { Denial } from '@forge/core';
import type { JsonText } from '@forge/protocol';
import { z } from 'zod';
import { defineGuardrail } from './guardrail.ts';
import { type Edit, editArguments, editResult, textsOf } from './texts.ts';
import { createWordSearch } from './word-search.ts';

const schema = z.strictObject({
  /** As in ContextForge, case counts and a part of a word is enough. */
  words: z.array(z.string().min(1).max(1000)).min(1).max(10_000),
});

/** See the module. */
export const denyFilter = defineGuardrail({
  kind: 'deny_filter',
  aliases: ['plugins.deny_filter.deny.DenyListPlugin'],
  description: 'Denies calls whose texts have one of some words',
  version: '0.1.0',
  schema,
  create({ words }) {
    const search = createWordSearch(words);
    const denial = (where: string, editAll: (edit: Edit) => JsonText): Denial | undefined => {
      return textsOf(editAll).some(search)
        ? { reason: 'A denied word', description: `A denied word is in the ${where}`, code: 'deny' }
        : undefined;
    };
    return {
      beforeCall: ({ arguments: args }) => ({ deny: denial('arguments', (edit) => editArguments(args, edit)) }),
      afterCall: (_, result) => ({ deny: denial('result', (edit) => editResult(result, edit)) }),
    };
  },
});
