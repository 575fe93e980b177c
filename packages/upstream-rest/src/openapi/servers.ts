/** @module Where an API is: servers of every revision, with variables, relative to the document. */
import type { JsonObject } from '../config/operation.ts';
import type { Description, Found } from './document.ts';
import {
  clip,
  DocumentError,
  elementsOf,
  membersOf,
  objectOf,
  scalarOf,
  textOf,
  textsOf,
  Unmappable,
} from './values.ts';

/** What an importer says about it. */
export interface ServerChoice {
  /** Replaces what the document says. */
  readonly baseUrl?: string | undefined;
  /** Values for the variables of servers. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  /** Where the document is, for servers that are relative to it. */
  readonly documentUrl?: string | undefined;
}

/** Where an API is. */
export interface Servers {
  /** What paths are appended to. `undefined`: it must be given. */
  readonly base: URL | undefined;
  /** All that the document names, as far as they can be called. */
  readonly all: readonly string[];
  readonly notes: readonly string[];
  /** What stands before an operation's path, at the same origin as `base`. @throws Unmappable: it is elsewhere */
  pathOf(found: Found): string;
}

/** Reads the servers of a description. @throws DocumentError for a base URL that is none */
export function readServers(description: Description, choice: ServerChoice): Servers {
  const notes: string[] = [];
  const all = serversOf(description, choice, notes);
  const given = choice.baseUrl === undefined ? undefined : httpUrl(choice.baseUrl);
  if (choice.baseUrl !== undefined && given === undefined) {
    throw new DocumentError(`The base URL "${clip(choice.baseUrl, 100)}" is no URL of http or https`);
  }
  const base = given ?? all[0];
  if (base === undefined) notes.push('the description names no server that can be called: a base URL must be given');
  return {
    base,
    all: all.map(hrefOf),
    notes,
    pathOf({ operation, item, path }) {
      const own = [operation, item].map((one) => one['servers']).find((one) => elementsOf(one).length > 0);
      if (own === undefined || base === undefined) return (base === undefined ? '' : pathOf(base)) + path;
      const urls = elementsOf(own).flatMap((server) => urlOf(server, choice, []) ?? []);
      // Some repeat with each operation what is said of all of them.
      if (urls.some((url) => all.some((one) => one.host === url.host && pathOf(one) === pathOf(url))))
        return pathOf(base) + path;
      const near = urls.find(({ origin }) => origin === base.origin);
      if (near !== undefined) return pathOf(near) + path;
      const told = urls.map(hrefOf).join(', ') || 'one that cannot be called';
      throw new Unmappable(`its server is another one, ${told}: import it by itself, with that as its base URL`);
    },
  };
}

/** Without the slash at the end. */
export function hrefOf(url: URL): string {
  return url.origin + pathOf(url);
}

/** The path of a base URL; what is appended to it begins with a slash. */
export function pathOf(url: URL): string {
  return url.pathname.replace(/\/+$/, '');
}

function serversOf(description: Description, choice: ServerChoice, notes: string[]): URL[] {
  const { document, revision } = description;
  if (revision === '2.0') return oldServers(document, choice);
  const servers = elementsOf(document['servers']);
  const listed = servers.length > 0 ? servers : [{ url: '/' }];
  return listed.flatMap((server) => urlOf(server, choice, notes) ?? []);
}

function urlOf(server: unknown, { variables = {}, documentUrl }: ServerChoice, notes: string[]): URL | undefined {
  const source = objectOf(server);
  const template = textOf(source?.['url']) ?? '';
  const declared = new Map(membersOf(source?.['variables']));
  const text = template.replaceAll(/\{([^{}]*)\}/g, (whole, name: string) => {
    const about = objectOf(declared.get(name));
    const value = Object.hasOwn(variables, name) ? variables[name] : scalarOf(about?.['default']);
    const allowed = textsOf(about?.['enum']);
    if (value === undefined) notes.push(`the server "${clip(template, 100)}" needs a value for its variable "${name}"`);
    else if (allowed.length > 0 && !allowed.includes(value)) {
      notes.push(`the variable "${name}" must be one of ${allowed.join(', ')}`);
      return whole;
    }
    return value ?? whole;
  });
  return /[{}]/.test(text) ? undefined : httpUrl(text, documentUrl);
}

/** 2.0: `schemes`, `host` and `basePath`. */
function oldServers(document: JsonObject, { documentUrl }: ServerChoice): URL[] {
  const from = documentUrl === undefined ? undefined : new URL(documentUrl);
  const host = textOf(document['host']) ?? from?.host;
  if (host === undefined) return [];
  const schemes = textsOf(document['schemes']).filter((scheme) => scheme === 'https' || scheme === 'http');
  const known = schemes.length > 0 ? schemes : [from?.protocol.replace(':', '') ?? 'https'];
  const path = textOf(document['basePath']) ?? '/';
  return known
    .toSorted()
    .toReversed()
    .flatMap((scheme) => httpUrl(`${scheme}://${host}${path.replace(/^(?!\/)/, '/')}`) ?? []);
}

/** Query, fragment and credentials are no part of a base. */
function httpUrl(text: string, from?: string): URL | undefined {
  const absolute = from === undefined && text.startsWith('//') ? `https:${text}` : text;
  if (!URL.canParse(absolute, from)) return undefined;
  const url = new URL(absolute, from);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  return new URL(url.origin + url.pathname);
}
