/** @module `output_length_guard`: results whose texts are too long are cut, and say so, or are denied. */
import type { JsonText } from '@forge/protocol';
import { z } from 'zod';
import { defineGuardrail } from './guardrail.ts';
import { editResult, textsOf } from './texts.ts';

const Length = z.int().min(0).max(1_000_000_000);
const schema = z
  .strictObject({
    /** A shorter text is denied where the strategy is to block. @default 0, any */
    min_chars: Length.default(0),
    /** Of one text. @default any number */
    max_chars: Length.min(1).nullish(),
    strategy: z.enum(['truncate', 'block']).default('truncate'),
    /** Ends a text that was cut. */
    ellipsis: z.string().max(100).default('…'),
    /** Cuts between words, where there is such a place within the last fifth. */
    word_boundary: z.boolean().default(false),
  })
  .refine(({ min_chars: min, max_chars: max }) => typeof max !== 'number' || min <= max, {
    message: 'must not be greater than max_chars',
    path: ['min_chars'],
  });

type Config = z.output<typeof schema>;

/** See the module. */
export const outputLengthGuard = defineGuardrail({
  kind: 'output_length_guard',
  aliases: ['plugins.output_length_guard.output_length_guard.OutputLengthGuardPlugin'],
  description: 'Cuts or denies results whose texts are too long',
  version: '0.1.0',
  schema,
  create: (config) => ({
    afterCall(_, result) {
      if (config.strategy === 'block') return { deny: denial(result, config) };
      const { max_chars: max } = config;
      if (typeof max !== 'number') return undefined;
      let left = 0;
      const cut = editResult(result, (text) => {
        if (text.length <= max) return text;
        const short = truncated(text, max, config);
        left += text.length - (short.length - config.ellipsis.length);
        return short;
      });
      return left === 0 ? undefined : { result: withNote(cut, left) };
    },
  }),
});

function denial(result: JsonText, { min_chars: min, max_chars: max }: Config) {
  const outside = textsOf((edit) => editResult(result, edit)).find(
    (text) => text.length < min || (typeof max === 'number' && text.length > max),
  );
  if (outside === undefined) return undefined;
  const bounds = typeof max === 'number' ? `${min} to ${max}` : `at least ${min}`;
  const description = `A text of the result has ${outside.length} characters; ${bounds} are allowed`;
  return { reason: 'The result is too long or too short', description, code: 'OUTPUT_LENGTH_VIOLATION' };
}

function truncated(text: string, max: number, { ellipsis, word_boundary: byWord }: Config): string {
  const room = Math.max(0, max - ellipsis.length);
  const end = byWord ? wordEnd(text, room, room - Math.floor(max / 5)) : room;
  // No half of a character that takes two units.
  const whole = end > 0 && isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
  return text.slice(0, whole) + ellipsis;
}

/** Behind the last word before `end`, if it ends at `least` or after; `end` otherwise. */
function wordEnd(text: string, end: number, least: number): number {
  for (let at = end; at > Math.max(0, least); at -= 1) if (/[\s.,;:!?/()[\]{}-]/.test(text.charAt(at))) return at;
  return end;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

/** Whoever reads the result learns that it is not all of it. */
function withNote(result: JsonText, left: number): JsonText {
  const text = `[This result was cut: ${left} characters were left out]`;
  const blocks = result.member('content')?.elements() ?? [];
  const content = [...blocks.map((block) => block.text), JSON.stringify({ type: 'text', text })];
  return result.with({ content: `[${content.join(',')}]` });
}
