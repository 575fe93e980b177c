/** @module An agent's message as the answer to a form (`elicitation/create`). */
import type { Message } from '@a2a-js/sdk';
import { structuredOf, wordsOf } from '../a2a/parts.ts';

/** A question of a tool, as words, and what is answered by. */
export function wordsOfForm(params: unknown): string {
  const { message, url, requestedSchema } = (params ?? {}) as {
    message?: string;
    url?: string;
    requestedSchema?: unknown;
  };
  const words = [message ?? 'Input is needed', ...(url === undefined ? [] : [url])].join('\n');
  const names = propertiesOf(requestedSchema);
  if (Object.keys(names).length < 2) return words;
  return `${words}\nAnswer by a data part with: ${JSON.stringify(names)}`;
}

/**
 * `ElicitResult`: data is the content, or says itself what is to be done by `action`; words are the only field that there is.
 * `undefined` when it is neither.
 */
export function formAnswer(answer: Message | undefined, params: unknown): object | undefined {
  if (answer === undefined) return { action: 'cancel' };
  const data = structuredOf(answer.parts);
  if (typeof data === 'object' && data !== null) {
    const { action } = data as { action?: unknown };
    const isResult = action === 'accept' || action === 'decline' || action === 'cancel';
    return isResult ? data : { action: 'accept', content: data };
  }
  const properties = Object.entries(propertiesOf((params as { requestedSchema?: unknown }).requestedSchema));
  const [only, ...others] = properties;
  if (only === undefined) return { action: 'accept', content: {} };
  if (others.length > 0) return undefined;
  const [name, schema] = only;
  return { action: 'accept', content: { [name]: valueOf(wordsOf(answer.parts).trim(), schema) } };
}

function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> {
  return ((schema ?? {}) as { properties?: Record<string, unknown> }).properties ?? {};
}

function valueOf(words: string, schema: unknown): unknown {
  const { type } = (schema ?? {}) as { type?: unknown };
  if ((type === 'number' || type === 'integer') && words !== '' && !Number.isNaN(Number(words))) return Number(words);
  if (type === 'boolean' && /^(true|yes|false|no)$/i.test(words)) return /^(true|yes)$/i.test(words);
  return words;
}
