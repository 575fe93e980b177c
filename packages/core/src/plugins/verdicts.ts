/** @module Reads what hooks return. Plugins are code of many hands: what is of no use is an error of theirs, not of the call. */
import { JsonText } from '@forge/protocol';
import type { AfterVerdict, BeforeVerdict, Denial } from '../contracts/plugin.ts';

/** A {@link BeforeVerdict} that can be used. */
export interface BeforeDecision {
  readonly arguments: JsonText | undefined;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly result: JsonText | undefined;
  readonly deny: Denial | undefined;
}

/** An {@link AfterVerdict} that can be used. */
export type AfterDecision = Pick<BeforeDecision, 'result' | 'deny'>;

const BEFORE: ReadonlySet<string> = new Set(['arguments', 'headers', 'result', 'deny']);
const AFTER: ReadonlySet<string> = new Set(['result', 'toolError', 'deny']);
/** RFC 9110 token. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No line break can be smuggled in. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They belong to the connection, to the body, or to credentials. */
const RESERVED: ReadonlySet<string> = new Set(
  'host connection content-length content-type transfer-encoding upgrade te trailer keep-alive proxy-authorization proxy-connection authorization cookie set-cookie expect accept-encoding'.split(
    ' ',
  ),
);

/** @throws Error saying what is of no use */
export function readBefore(verdict: BeforeVerdict): BeforeDecision {
  checkNames(verdict, BEFORE);
  return {
    arguments: verdict.arguments === undefined ? undefined : objectOf('arguments', verdict.arguments),
    headers: verdict.headers === undefined ? undefined : headersOf(verdict.headers),
    result: verdict.result === undefined ? undefined : resultOf(verdict.result),
    deny: verdict.deny === undefined ? undefined : denialOf(verdict.deny),
  };
}

/** @throws Error saying what is of no use */
export function readAfter(verdict: AfterVerdict): AfterDecision {
  checkNames(verdict, AFTER);
  const { toolError, result, deny } = verdict;
  if (toolError !== undefined && typeof toolError !== 'string') throw new TypeError('its toolError is no text');
  const failure =
    toolError === undefined ? undefined : JsonText.of({ content: [{ type: 'text', text: toolError }], isError: true });
  return {
    result: failure ?? (result === undefined ? undefined : resultOf(result)),
    deny: deny === undefined ? undefined : denialOf(deny),
  };
}

/** A misspelt decision would be none. */
function checkNames(verdict: object, known: ReadonlySet<string>): void {
  const unknown = Object.keys(verdict).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new TypeError(`it returned "${unknown.slice(0, 60)}", which is none of ${[...known].join(', ')}`);
}

/** Written and read once more: what comes out is JSON that is no deeper than any other. */
function objectOf(name: string, value: unknown): JsonText {
  const json = JsonText.parse(value instanceof JsonText ? value.text : (JSON.stringify(value) ?? ''));
  if (json.isObject) return json;
  throw new TypeError(`its ${name} is no object`);
}

/** A `CallToolResult` (2026-07-28, server/tools). */
function resultOf(value: unknown): JsonText {
  const result = objectOf('result', value);
  const { content, resultType = 'complete' } = result.value as { content?: unknown; resultType?: unknown };
  if (resultType !== 'complete') throw new TypeError('its result is not complete');
  const isContent =
    Array.isArray(content) && content.every((block) => typeof (block as { type?: unknown } | null)?.type === 'string');
  if (!isContent) throw new TypeError('its result has no content, a list of blocks that each have a type');
  return result;
}

function headersOf(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) throw new TypeError('its headers are no object');
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const problem = headerProblem(name, value);
      if (problem !== undefined) throw new TypeError(`its header "${name.slice(0, 60)}" ${problem}`);
      return [name.toLowerCase(), value as string];
    }),
  );
}

/** Why a plugin must not add a header; `undefined`: it may. */
export function headerProblem(name: string, value: unknown): string | undefined {
  if (!HEADER_NAME.test(name)) return 'is not the name of a header';
  if (RESERVED.has(name.toLowerCase())) return 'is one that plugins do not set';
  return typeof value === 'string' && HEADER_VALUE.test(value) ? undefined : 'has a value that no header can have';
}

function denialOf(deny: unknown): Denial {
  const { reason, description, code, details } = (deny ?? {}) as Record<string, unknown>;
  if (typeof reason !== 'string') throw new TypeError('its denial has no reason');
  return {
    reason,
    description: typeof description === 'string' ? description : undefined,
    code: typeof code === 'string' ? code : undefined,
    details: details === undefined ? undefined : (objectOf('details', details).value as Denial['details']),
  };
}
