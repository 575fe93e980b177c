/** @module What a message asks for: which tool or prompt, with which arguments; or what has to be asked first. */
import type { Message } from '@a2a-js/sdk';
import { wordsOf } from '../a2a/parts.ts';
import type { Arguments } from '../agent.ts';

/** A tool or a prompt, as its list shows it. */
export interface Offer {
  readonly kind: 'tool' | 'prompt';
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** Of a tool. */
  readonly inputSchema?: Readonly<Record<string, unknown>> | undefined;
  /** Of a prompt. */
  readonly arguments?: readonly { readonly name: string; readonly required?: boolean }[] | undefined;
}

/** What is to be done. */
export type Wanted = { readonly offer: Offer; readonly args: Arguments } | { readonly question: string };

/** Names in a question. */
const MAX_NAMES = 50;

/** The id of the skill that stands for an offer. */
export function skillIdOf({ kind, name }: Offer): string {
  return kind === 'tool' ? name : `prompt/${name}`;
}

/**
 * Reads a message: a data part `{"tool": ..., "arguments": {...}}` (or `prompt`), or `metadata.skillId`, or the only one that
 * there is; and words where it takes one text.
 */
export function wantedOf(message: Message, offers: readonly Offer[]): Wanted {
  const data = dataOf(message);
  const named = nameIn(data) ?? stringOr(message.metadata?.['skillId']);
  const [only, ...others] = named === undefined ? offers : offers.filter((offer) => skillIdOf(offer) === named);
  if (only === undefined || others.length > 0) return { question: whichOf(offers, named) };
  const given = nameIn(data) === undefined ? data : data?.['arguments'];
  const args = isObject(given) ? given : argumentsFrom(wordsOf(message.parts), only);
  return args === undefined
    ? { question: howTo(only) }
    : { offer: only, args: { ...args, ...filesFor(message, only) } };
}

function dataOf({ parts }: Message): Readonly<Record<string, unknown>> | undefined {
  const found = parts.find(({ content }) => content?.$case === 'data' && isObject(content.value));
  return found?.content?.$case === 'data' ? (found.content.value as Record<string, unknown>) : undefined;
}

function nameIn(data: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const prompt = stringOr(data?.['prompt']);
  return stringOr(data?.['tool']) ?? stringOr(data?.['skill']) ?? (prompt && `prompt/${prompt}`);
}

/** Words as the one argument that they can only be; nothing, where nothing is needed. */
function argumentsFrom(words: string, offer: Offer): Arguments | undefined {
  const { names, required } = textsOf(offer);
  const [name, ...others] = required.length === 1 ? required : names;
  if (name !== undefined && others.length === 0 && words !== '') return { [name]: words };
  return required.length === 0 && (words === '' || names.length === 0) ? {} : undefined;
}

/** Arguments that are texts; those that are required, unless others are required, too. */
function textsOf({ kind, inputSchema, arguments: listed = [] }: Offer): { names: string[]; required: string[] } {
  if (kind === 'prompt') {
    return {
      names: listed.map(({ name }) => name),
      required: listed.filter((one) => one.required).map(({ name }) => name),
    };
  }
  const properties = isObject(inputSchema?.['properties']) ? inputSchema['properties'] : {};
  const required = Array.isArray(inputSchema?.['required']) ? (inputSchema['required'] as string[]) : [];
  const names = Object.keys(properties).filter(
    (name) => isObject(properties[name]) && properties[name]['type'] === 'string',
  );
  return required.every((name) => names.includes(name)) ? { names, required } : { names: [], required };
}

/** Files, for an offer that takes them as agents do. */
function filesFor({ parts }: Message, { inputSchema }: Offer): Arguments {
  const properties = inputSchema?.['properties'];
  if (!isObject(properties) || properties['files'] === undefined) return {};
  const files = parts.flatMap(({ content, mediaType, filename }): object[] => {
    const about = { ...(filename !== '' && { name: filename }), ...(mediaType !== '' && { mimeType: mediaType }) };
    if (content?.$case === 'url') return [{ ...about, url: content.value }];
    return content?.$case === 'raw' ? [{ ...about, data: Buffer.from(content.value).toString('base64') }] : [];
  });
  return files.length === 0 ? {} : { files };
}

function whichOf(offers: readonly Offer[], named: string | undefined): string {
  const names = offers.slice(0, MAX_NAMES).map((offer) => `- ${skillIdOf(offer)}: ${firstLine(offer)}`);
  const more = offers.length > MAX_NAMES ? `\n... and ${offers.length - MAX_NAMES} more` : '';
  const why = named === undefined ? 'Which skill is meant?' : `There is no skill "${named.slice(0, 200)}".`;
  return `${why} Send a data part {"tool": "...", "arguments": {...}}. There are:\n${names.join('\n')}${more}`;
}

function howTo(offer: Offer): string {
  const takes = JSON.stringify(offer.kind === 'tool' ? offer.inputSchema : offer.arguments);
  return `Send a data part {"${offer.kind}": "${offer.name}", "arguments": {...}}. Its arguments are: ${takes}`;
}

function firstLine({ title, description }: Offer): string {
  return (description || title || '').split('\n', 1)[0]?.slice(0, 200) ?? '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringOr(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
