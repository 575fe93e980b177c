/**
 * @module Request metadata in HTTP headers (2026-07-28, Streamable HTTP, Request Metadata): what a modern request mirrors
 * from its body, how values are encoded, and how both are compared.
 */
import { ForgeError } from './errors.ts';
import type { ParamHeader } from './exchange.ts';
import { JsonText } from './json-text.ts';

/** Headers of a request by lower-case name. */
export type HeaderBag = Readonly<Record<string, string | undefined>>;

/** Names of MCP's headers, in lower case; `param` is a prefix. */
export const HEADER = {
  protocolVersion: 'mcp-protocol-version',
  method: 'mcp-method',
  name: 'mcp-name',
  param: 'mcp-param-',
  sessionId: 'mcp-session-id',
  lastEventId: 'last-event-id',
} as const;

const ENCODED_START = '=?base64?';
const ENCODED_END = '?=';
/** Visible ASCII, with space and tab inside only. */
const PLAIN = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const DECIMAL = /^-?\d+(?:\.\d+)?$/;
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/**
 * A value as `Mcp-Name` and `Mcp-Param-*` carry it: as it is where that is safe, as `=?base64?...?=` otherwise.
 *
 * @example
 * encodeHeaderValue('us-west1'); // 'us-west1'
 * encodeHeaderValue(' padded '); // '=?base64?IHBhZGRlZCA=?='
 */
export function encodeHeaderValue(value: string): string {
  if (PLAIN.test(value) && !isEncoded(value)) return value;
  let binary = '';
  for (const byte of new TextEncoder().encode(value)) binary += String.fromCodePoint(byte);
  return `${ENCODED_START}${btoa(binary)}${ENCODED_END}`;
}

/** The value that a header carries, or `undefined` when it has invalid characters or is wrongly encoded. */
export function decodeHeaderValue(header: string): string | undefined {
  const value = trimSpace(header);
  if (value === '') return value;
  if (!PLAIN.test(value)) return undefined;
  if (!isEncoded(value)) return value;
  const base64 = value.slice(ENCODED_START.length, -ENCODED_END.length);
  if (value.length < ENCODED_START.length + ENCODED_END.length || !BASE64.test(base64)) return undefined;
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.codePointAt(0) ?? 0);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined; // the bytes are not UTF-8
  }
}

/** A plain header without the optional white space around it. */
export function headerValue(headers: HeaderBag, name: string): string | undefined {
  const value = headers[name];
  return value === undefined ? undefined : trimSpace(value);
}

/**
 * `MCP-Protocol-Version` must be there and say what the body says.
 *
 * @throws ForgeError `header_mismatch`
 */
export function checkVersionHeader(headers: HeaderBag, version: string): void {
  checkHeader('MCP-Protocol-Version', headerValue(headers, HEADER.protocolVersion), version);
}

/**
 * `Mcp-Method` must be the method, and `Mcp-Name` the target of a method that has one.
 *
 * @throws ForgeError `header_mismatch`
 */
export function checkMethodHeaders(headers: HeaderBag, method: string, target: string | undefined): void {
  checkHeader('Mcp-Method', headerValue(headers, HEADER.method), method);
  if (target === undefined) return;
  const name = headers[HEADER.name];
  checkHeader('Mcp-Name', name === undefined ? undefined : decodeHeaderValue(name), target);
}

/**
 * Every mirrored argument must be in its `Mcp-Param-*` header, and a header without its argument must not be there.
 *
 * @throws ForgeError `header_mismatch`
 */
export function checkParamHeaders(
  headers: HeaderBag,
  paramHeaders: readonly ParamHeader[],
  params: JsonText | undefined,
): void {
  for (const { name, path } of paramHeaders) {
    const sent = headers[`${HEADER.param}${name.toLowerCase()}`];
    const argument = argumentAt(params, path);
    const expected = headerText(argument);
    if (expected === undefined && sent === undefined) continue;
    const value = sent === undefined ? undefined : decodeHeaderValue(sent);
    const isNumber = expected !== undefined && typeof argument === 'number' && DECIMAL.test(value ?? '');
    if (!isNumber || Number(value) !== argument) checkHeader(`Mcp-Param-${name}`, value, expected);
  }
}

/** The headers that a modern request to an upstream must have, besides those of HTTP itself. */
export function modernHeaders(
  method: string,
  target: string | undefined,
  version: string,
  paramHeaders?: readonly ParamHeader[],
  params?: JsonText,
): Record<string, string> {
  const headers: Record<string, string> = { [HEADER.protocolVersion]: version, [HEADER.method]: method };
  if (target !== undefined) headers[HEADER.name] = encodeHeaderValue(target);
  for (const { name, path } of paramHeaders ?? []) {
    const text = headerText(argumentAt(params, path));
    if (text !== undefined) headers[`${HEADER.param}${name.toLowerCase()}`] = encodeHeaderValue(text);
  }
  return headers;
}

/** Keywords whose value maps names to schemas, so that its keys are no keywords. */
const SCHEMA_MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
/** Keywords whose value is data. */
const DATA = new Set(['const', 'default', 'enum', 'examples']);
const MIRRORED_TYPES = new Set<unknown>(['string', 'integer', 'boolean']);

/**
 * The `x-mcp-header` annotations of a tool's `inputSchema`, or `'invalid'` where one breaks the rules of the
 * specification (Schema Extension): such a tool must not be offered to anyone over HTTP.
 */
export function readParamHeaders(inputSchema: unknown): ParamHeader[] | 'invalid' {
  const found: ParamHeader[] = [];
  const names = new Set<string>();
  /** `path` is `undefined` where an argument cannot be reached by `properties` alone. Whether all is valid. */
  const visit = (schema: unknown, path: readonly string[] | undefined): boolean => {
    if (typeof schema !== 'object' || schema === null) return true;
    if (Array.isArray(schema)) return schema.every((item) => visit(item, undefined));
    const { 'x-mcp-header': name, type } = schema as { 'x-mcp-header'?: unknown; type?: unknown };
    if (name !== undefined) {
      const valid = typeof name === 'string' && TOKEN.test(name) && MIRRORED_TYPES.has(type);
      if (!valid || path === undefined || path.length === 0 || names.has(name.toLowerCase())) return false;
      names.add(name.toLowerCase());
      found.push({ name, path });
    }
    return Object.entries(schema).every(([keyword, value]) => {
      if (DATA.has(keyword)) return true;
      if (!SCHEMA_MAPS.has(keyword)) return visit(value, undefined);
      return Object.entries(value ?? {}).every(([key, child]) =>
        visit(child, keyword === 'properties' && path !== undefined ? [...path, key] : undefined),
      );
    });
  };
  return visit(inputSchema instanceof JsonText ? inputSchema.value : inputSchema, []) ? found : 'invalid';
}

/** Whether an `Accept` header lets the answer be of this type; without the header, everything is. */
export function accepts(header: string | undefined, type: 'application/json' | 'text/event-stream'): boolean {
  if (header === undefined || header === 'application/json, text/event-stream') return true;
  const ranges = [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*'];
  let best = ranges.length;
  let accepted = false;
  for (const part of header.toLowerCase().split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const rank = ranges.indexOf(range);
    if (rank < 0 || rank >= best) continue;
    best = rank;
    accepted = !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  }
  return accepted;
}

/** Whether a `Content-Type` header says JSON. */
export function isJsonContentType(header: string | undefined): boolean {
  if (header === 'application/json') return true;
  return header?.split(';', 1)[0]?.trim().toLowerCase() === 'application/json';
}

/** Values stay out of the message: an argument may be a secret. */
function checkHeader(name: string, sent: string | undefined, expected: string | undefined): void {
  if (sent === expected && sent !== undefined) return;
  const problem = sent === undefined ? 'is missing or malformed' : 'does not match the body';
  throw new ForgeError('header_mismatch', `Header mismatch: ${name} ${problem}`);
}

function isEncoded(value: string): boolean {
  return value.startsWith(ENCODED_START) && value.endsWith(ENCODED_END);
}

function argumentAt(params: JsonText | undefined, path: readonly string[]): unknown {
  let value = params?.value;
  for (const key of ['arguments', ...path]) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** An argument as text; `undefined` for what has no header: nothing, null, other types, integers that are not exact. */
function headerText(argument: unknown): string | undefined {
  if (typeof argument === 'string') return argument;
  if (typeof argument === 'boolean' || Number.isSafeInteger(argument)) return String(argument);
  return undefined;
}

/** Without a regular expression, because `[ \t]+$` takes quadratic time on white space inside. */
function trimSpace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpace(value, start)) start += 1;
  while (end > start && isSpace(value, end - 1)) end -= 1;
  return value.slice(start, end);
}

function isSpace(value: string, at: number): boolean {
  return value[at] === ' ' || value[at] === '\t';
}
