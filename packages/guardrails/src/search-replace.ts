/** @module `search_replace`: what a regular expression finds in arguments and results is replaced. */
import { z } from 'zod';
import { defineGuardrail } from './guardrail.ts';
import { pythonRule } from './python-pattern.ts';
import { createReplacer } from './replacer.ts';
import { editWith } from './replace-texts.ts';
import { editArguments, editResult } from './texts.ts';

const Word = z
  .strictObject({ search: z.string().min(1).max(1000), replace: z.string().max(10_000) })
  .transform(({ search, replace }, context) => {
    try {
      return pythonRule(search, replace);
    } catch (error) {
      context.addIssue({ code: 'custom', message: `is no pattern: ${(error as Error).message}`, path: ['search'] });
      return z.NEVER;
    }
  });
const schema = z.strictObject({ words: z.array(Word).min(1).max(1000) });

/** See the module. */
export const searchReplace = defineGuardrail({
  kind: 'search_replace',
  aliases: ['plugins.regex_filter.search_replace.SearchReplacePlugin'],
  description: 'Replaces what regular expressions find in arguments and results',
  version: '0.1.0',
  schema,
  create({ words }) {
    const replacer = createReplacer(words);
    return {
      async beforeCall({ arguments: args }) {
        const { json } = await editWith(replacer, (edit) => editArguments(args, edit));
        return json === args ? undefined : { arguments: json };
      },
      async afterCall(_, result) {
        const { json } = await editWith(replacer, (edit) => editResult(result, edit));
        return json === result ? undefined : { result: json };
      },
      close: () => replacer.close(),
    };
  },
});
