/** @module The address of a single tool: a base, a path with names in braces, a query. */
import { ForgeError } from '@forge/core';
import type { SingleToolFields } from './fields.ts';

/** A tool's address in parts. */
export interface Address {
  readonly url: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
}

/** @throws ForgeError `validation_failed` naming the field */
export function address({ url, baseUrl, pathTemplate }: SingleToolFields): Address {
  if (url === undefined && baseUrl === undefined) throw invalid('url', 'is missing');
  const whole = parse('url', url ?? baseUrl ?? '');
  const base = baseUrl === undefined ? undefined : parse('baseUrl', baseUrl);
  const query = Object.fromEntries((url === undefined ? undefined : whole.searchParams) ?? []);
  for (const [name, value] of Object.entries(query)) {
    if (/[{}]/.test(name + value)) {
      throw invalid('url', `has a place for an argument in its query ("${name}"); say it in queryMapping`);
    }
  }
  const path = pathTemplate ?? (url === undefined ? '' : braces(url, whole.pathname));
  if (pathTemplate !== undefined && !pathTemplate.startsWith('/')) throw invalid('pathTemplate', 'must begin with "/"');
  return {
    url: base === undefined ? whole.origin : `${base.origin}${base.pathname.replace(/\/$/, '')}`,
    path: path === '/' && url === undefined ? '' : path,
    query,
  };
}

/** The address in one piece again. */
export function joinAddress(base: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(query).toString();
  return `${base.replace(/\/$/, '')}${path}${search === '' ? '' : `?${search}`}`;
}

function parse(field: string, text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === 'http:' || url.protocol === 'https:') return checked(field, url);
  }
  throw invalid(field, 'must be a URL that begins with http:// or https://');
}

function checked(field: string, url: URL): URL {
  if (url.username === '' && url.password === '') return url;
  throw invalid(field, 'must not hold a user name or password; send them as "auth"');
}

/** URLs escape braces; one that was written as such and surrounds no name is a mistake. */
function braces(url: string, path: string): string {
  const template = path.replaceAll(/%7B([\w.-]+)%7D/gi, '{$1}');
  if (/%7[BD]/i.test(template) && !/%7[BD]/i.test(url)) {
    throw invalid('url', 'has a brace that does not belong to a place for an argument, such as {id}');
  }
  return template;
}

function invalid(field: string, message: string): ForgeError {
  return new ForgeError('validation_failed', `${field}: ${message}`, { data: { issues: [{ field, message }] } });
}
