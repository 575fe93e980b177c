/** @module Makes a request out of an operation and the arguments of a call. */
import type { JsonText } from '@forge/protocol';
import type { RestOperation, RestParameter } from '../config/operation.ts';
import { ArgumentError, type Arguments, readArguments } from './arguments.ts';
import { type Content, makeBody } from './body.ts';
import { isHeaderValue } from './header-rules.ts';
import { fillPath, parsePath } from './path.ts';
import { escapeAll, escapeReserved, formPairs, type Pair, simpleText } from './styles.ts';

/** A request before credentials. */
export interface PreparedRequest {
  readonly method: string;
  /** Shared with other requests: nobody changes it. */
  readonly url: URL;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly cookies: readonly Pair[];
  readonly content: Content | undefined;
}

/** Makes requests of one operation. @throws ArgumentError */
export type Prepare = (args: JsonText | undefined) => PreparedRequest;

const ACCEPT = 'application/json, text/*;q=0.9, */*;q=0.8';

/** Compiles an operation. `base` is the upstream's URL; `headers` (lower case) are sent unless the operation has its own. */
export function compileOperation(
  operation: RestOperation,
  base: URL,
  headers: Readonly<Record<string, string>> = {},
): Prepare {
  const { inputSchema, method, parameters = [], body } = operation;
  const template = parsePath(`${base.pathname.replace(/\/$/, '')}${operation.path}`);
  const byPlace = (place: RestParameter['in']) => parameters.filter((parameter) => parameter.in === place);
  const [inPath, inQuery, inHeader, inCookie] = (['path', 'query', 'header', 'cookie'] as const).map(byPlace);
  const named = namedArguments(operation, template.names, inPath ?? []);
  const otherArguments = operation.otherArguments ?? defaultPlace(operation);
  const fixedQuery = [...base.searchParams, ...Object.entries(operation.query ?? {})];
  const ownHeaders = Object.entries(operation.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]);
  const fixedHeaders = { ...headers, accept: ACCEPT, ...(Object.fromEntries(ownHeaders) as Record<string, string>) };
  const urlOf = urlsOf(base.origin);

  return (given) => {
    const args = readArguments(inputSchema, given);
    const others = othersOf(args, named, otherArguments === 'refuse');
    const path = fillPath(template, (name) => {
      const { argument, explode = false } = inPath?.find((one) => (one.name ?? one.argument) === name) ?? {
        argument: name,
      };
      return { argument, value: args.get(argument), explode };
    });
    const pairs = inQuery?.flatMap((parameter) => queryPairs(parameter, args)) ?? [];
    if (otherArguments === 'query') {
      for (const [argument] of others) pairs.push(...queryPairs({ argument, in: 'query' }, others));
    }
    const content = body && makeBody(body, args, otherArguments === 'body' ? others : NONE);
    return {
      method,
      url: urlOf(path, withFixed(fixedQuery, pairs)),
      headers: { ...fixedHeaders, ...headersOf(inHeader ?? [], args) },
      cookies: inCookie?.flatMap((parameter) => cookiePairs(parameter, args)) ?? [],
      content,
    };
  };
}

const NONE: Arguments = new Map();

function defaultPlace({ body }: RestOperation): 'query' | 'body' | 'refuse' {
  if (body === undefined) return 'query';
  return body.argument === undefined ? 'body' : 'refuse';
}

/** Arguments that the operation says something about. */
function namedArguments(
  { parameters = [], body }: RestOperation,
  placeholders: readonly string[],
  inPath: readonly RestParameter[],
): ReadonlySet<string> {
  const renamed = new Set(inPath.map(({ name, argument }) => name ?? argument));
  return new Set([
    ...parameters.map(({ argument }) => argument),
    ...placeholders.filter((name) => !renamed.has(name)),
    ...(body?.argument === undefined ? Object.keys(body?.fields ?? {}) : [body.argument]),
  ]);
}

function othersOf(args: Arguments, named: ReadonlySet<string>, refuses: boolean): Arguments {
  const others = new Map<string, JsonText>();
  for (const [name, value] of args) if (!named.has(name)) others.set(name, value);
  const [unknown] = others.keys();
  if (refuses && unknown !== undefined)
    throw new ArgumentError(`"${unknown.slice(0, 100)}" is not an argument of this tool`);
  return others;
}

function queryPairs(parameter: RestParameter, args: Arguments): Pair[] {
  const { argument, name = argument, encoding, allowReserved } = parameter;
  const value = args.get(argument);
  if (value === undefined) return [];
  if (encoding === 'json') return [[escapeAll(name), escapeAll(value.text)]];
  return formPairs(value, parameter, name, allowReserved === true ? escapeReserved : escapeAll);
}

function cookiePairs(parameter: RestParameter, args: Arguments): Pair[] {
  const { argument, name = argument, encoding } = parameter;
  const value = args.get(argument);
  if (value === undefined) return [];
  return encoding === 'json'
    ? [[name, escapeAll(value.text)]]
    : formPairs(value, { explode: false, ...parameter }, name, escapeAll);
}

function headersOf(parameters: readonly RestParameter[], args: Arguments): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { argument, name = argument, explode = false, encoding } of parameters) {
    const value = args.get(argument);
    if (value === undefined || (value.text === 'null' && encoding !== 'json')) continue;
    const text = encoding === 'json' ? value.text : simpleText(value, explode, (it) => it);
    if (!isHeaderValue(text)) throw new ArgumentError(`"${argument}" has characters that a header cannot carry`);
    headers[name.toLowerCase()] = text.trim();
  }
  return headers;
}

/** What is sent with every call gives way to arguments of the same name. */
function withFixed(fixed: readonly Pair[], pairs: readonly Pair[]): Pair[] {
  const given = new Set(pairs.map(([name]) => name));
  const kept = fixed.map(([name, value]): Pair => [escapeAll(name), escapeAll(value)]);
  return [...kept.filter(([name]) => !given.has(name)), ...pairs];
}

/** Makes URLs below `origin`. Most operations have one, which is parsed once. */
function urlsOf(origin: string): (path: string, pairs: readonly Pair[]) => URL {
  let last: { readonly text: string; readonly url: URL } | undefined;
  return (path, pairs) => {
    const query = pairs.map(([name, value]) => `${name}=${value}`).join('&');
    const text = `${origin}${path}${query === '' ? '' : `?${query}`}`;
    if (last?.text === text) return last.url;
    const url = new URL(text);
    if (url.origin !== origin) throw new ArgumentError('The arguments lead away from the upstream');
    last = { text, url };
    return url;
  };
}
