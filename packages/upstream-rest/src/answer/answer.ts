/** @module Turns a good answer into a tool's result. */
import type { OutgoingAnswer } from '@forge/outgoing';
import { ForgeError, JsonText, type Outcome } from '@forge/protocol';
import type { RestOperation } from '../config/operation.ts';
import type { Filters } from '../filter/filter.ts';
import { decodeText, isJson, isText, maybeJson, type MediaType, mediaTypeOf } from './media.ts';
import { nextPageOf } from './next-page.ts';
import { type Content, errorResult, toolResult } from './result.ts';

/** What making results needs. */
export interface AnswerOptions {
  readonly filters: Filters;
  /** Bytes that a result may be made of. */
  readonly maxBytes: number;
  /** Bytes of an answer that were read; a filter may make it shorter. */
  readonly maxRead: number;
  /** Names in the query that callers are not shown. */
  readonly hiddenQuery: ReadonlySet<string>;
}

/** Arguments that tend to make answers shorter. */
const NARROWING =
  /limit|page|cursor|offset|size|count|max|per_|top|first|fields|select|filter|query|search|since|until/i;

/** The result of an answer with a status below 400. */
export async function resultOf(
  answer: OutgoingAnswer,
  operation: RestOperation,
  options: AnswerOptions,
): Promise<Outcome> {
  const { headers, body, url, status } = answer;
  const page = nextPageOf(headers['link'], url, operation, options.hiddenQuery);
  const more: Content[] = page === undefined ? [] : [{ type: 'text', text: describePage(page) }];
  const meta = page && { 'forge/nextPage': page };
  if (answer.isTooLong) return tooLong(operation, options.maxRead, sizeOf(answer), more);
  if (operation.method === 'HEAD' || body.length === 0) return toolResult([emptyText(answer), ...more], { meta });

  const type = mediaTypeOf(headers);
  const json = jsonOf(body, type);
  if (json === undefined) {
    const problem = misfit(operation, type);
    if (problem !== undefined) return errorResult(`HTTP ${status}, but ${problem}`);
    return toolResult([contentOf(body, type, url), ...more], { meta });
  }
  const { filter } = operation;
  const text = filter === undefined ? json.text : await filtered(options.filters, filter, json.text);
  if (text instanceof ForgeError) return errorResult(text.message);
  if (Buffer.byteLength(text) > options.maxBytes)
    return tooLong(operation, options.maxBytes, `${text.length} characters`, more);
  return toolResult([{ type: 'text', text }, ...more], { structured: fitted(text, operation), meta });
}

function filtered(
  filters: Filters,
  filter: NonNullable<RestOperation['filter']>,
  text: string,
): Promise<string | ForgeError> {
  return filters.run(filter, text).catch(ForgeError.from);
}

/** JSON that says so, or that is JSON all the same. */
function jsonOf(body: Uint8Array, type: MediaType): JsonText | undefined {
  if (!isJson(type) && !(maybeJson(type) && /^[\s]*[[{]/.test(Buffer.from(body.subarray(0, 64)).toString('latin1')))) {
    return undefined;
  }
  try {
    return JsonText.parse((decodeText(body, type) ?? '').replace(/^\uFEFF/, ''));
  } catch {
    return undefined; // what it is instead is said by who asks
  }
}

/** Why something other than JSON is of no use. */
function misfit({ filter, outputSchema }: RestOperation, type: MediaType): string | undefined {
  if (isJson(type)) return `the answer is not the JSON that it says it is`;
  if (filter !== undefined) return `the answer is "${type.name}", and the filter of this tool needs JSON`;
  return outputSchema === undefined ? undefined : `the answer is "${type.name}" where JSON was expected`;
}

function contentOf(body: Uint8Array, type: MediaType, { origin, pathname }: URL): Content {
  const { name: mimeType } = type;
  if (isText(type) || mimeType === '') {
    const text = decodeText(body, type);
    if (text !== undefined) return { type: 'text', text };
  }
  const data = Buffer.from(body.buffer, body.byteOffset, body.length).toString('base64');
  if (mimeType.startsWith('image/')) return { type: 'image', data, mimeType };
  if (mimeType.startsWith('audio/')) return { type: 'audio', data, mimeType };
  return { type: 'resource', resource: { uri: `${origin}${pathname}`, mimeType: mimeType || undefined, blob: data } };
}

/** An output schema with a member `result` is made for answers that are no objects. */
function fitted(text: string, { outputSchema }: RestOperation): string {
  const properties = outputSchema?.['properties'] as Readonly<Record<string, unknown>> | undefined;
  const wraps = outputSchema?.['type'] === 'object' && properties !== undefined && Object.hasOwn(properties, 'result');
  return wraps && !text.startsWith('{') ? `{"result":${text}}` : text;
}

const TOLD = ['content-type', 'content-length', 'last-modified', 'etag', 'allow', 'location'];

function emptyText({ status, headers }: OutgoingAnswer): Content {
  const told = TOLD.flatMap((name) => (typeof headers[name] === 'string' ? [`${name}: ${headers[name]}`] : []));
  return { type: 'text', text: [`HTTP ${status}, without content`, ...told].join('\n') };
}

function sizeOf({ headers }: OutgoingAnswer): string {
  const declared = Number(headers['content-length']);
  if (!(declared > 0)) return 'how long, it does not say';
  const isPacked = (headers['content-encoding'] ?? 'identity') !== 'identity';
  return isPacked ? `${declared} bytes compressed` : `${declared} bytes`;
}

/** Nothing is cut in silence: a part of an answer looks like the whole. */
function tooLong({ inputSchema }: RestOperation, maxBytes: number, size: string, more: readonly Content[]): Outcome {
  const names = Object.keys(inputSchema['properties'] ?? {}).filter((name) => NARROWING.test(name));
  const hint = names.length > 0 ? `Ask for less by ${names.map((name) => `"${name}"`).join(', ')}` : 'Ask for less';
  const text = `The answer is too long (${size}): at most ${maxBytes} bytes are passed on. ${hint}, or have an administrator give this tool a filter or a larger limit.`;
  return toolResult([{ type: 'text', text }, ...more], { isError: true });
}

function describePage({ url, arguments: args }: { url: string; arguments: Readonly<Record<string, unknown>> }): string {
  if (Object.keys(args).length > 0) return `There is more: call this tool again with ${JSON.stringify(args)}.`;
  return `There is more, at ${url}`;
}
