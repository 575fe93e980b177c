/** @module Security schemes as credentials: which an operation needs, and which of them were given. */
import type { JsonObject, RestConfig, RestCredential } from '../config/operation.ts';
import type { Description, Found } from './document.ts';
import { clip, elementsOf, membersOf, objectOf, textOf } from './values.ts';

/** What an importer gives for one security scheme. Which of them is needed depends on the scheme. */
export interface GivenCredential {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Of an API key. */
  readonly value?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly tokenUrl?: string | undefined;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
}

/** A security scheme of the document. */
export interface Scheme {
  readonly name: string;
  /** `basic`, `bearer`, `apiKey`, `oauth2`, or as the document calls it. */
  readonly type: string;
  /** What must be given for it, in one of these ways; none: it is not supported. */
  readonly needs: readonly (readonly (keyof GivenCredential)[])[];
  /** Whether it was given, or is there from before. */
  readonly isBound: boolean;
  /** Operations that ask for it. */
  readonly operations: number;
  /** What is wrong with it. */
  readonly problem?: string | undefined;
}

/** The security of a description. */
export interface Security {
  readonly credentials: Readonly<Record<string, RestCredential>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Names of the credentials that an operation sends, and what is missing for it. */
  choose(found: Found): { readonly credentials: readonly string[]; readonly note?: string | undefined };
  /** All schemes, after the operations have chosen. */
  schemes(): readonly Scheme[];
}

interface Kind {
  readonly type: string;
  readonly needs: Scheme['needs'];
  /** The credential, where everything is given that it needs. Secrets have the scheme's name. */
  bind(given: GivenCredential): { credential: RestCredential; secret: string } | undefined;
}

/** @param kept credentials that are there from before */
export function readSecurity(
  { document, references }: Description,
  given: Readonly<Record<string, GivenCredential>>,
  kept: NonNullable<RestConfig['credentials']> = {},
): Security {
  const components = objectOf(document['components']);
  const declared = membersOf(document['securityDefinitions'] ?? components?.['securitySchemes']);
  const credentials = new Map(Object.entries(kept));
  const secrets = new Map<string, string>();
  const uses = new Map<string, number>();
  const kinds = new Map<string, Kind | string>();
  const givenFor = (name: string): GivenCredential | undefined =>
    Object.hasOwn(given, name) ? given[name] : undefined;
  for (const [name, source] of declared) {
    const followed = references.follow(source, references.root);
    const kind = typeof followed === 'string' ? followed : kindOf(name, followed.value);
    kinds.set(name, kind);
    const bound = typeof kind === 'string' ? undefined : kind.bind(givenFor(name) ?? {});
    if (bound === undefined) continue;
    credentials.set(name, bound.credential);
    secrets.set(name, bound.secret);
  }

  return {
    get credentials() {
      return Object.fromEntries(credentials);
    },
    secrets: Object.fromEntries(secrets),
    choose({ operation }) {
      const requirements = operation['security'] ?? document['security'];
      const alternatives = elementsOf(requirements).map((one) => membersOf(one).map(([name]) => name));
      for (const name of new Set(alternatives.flat())) uses.set(name, (uses.get(name) ?? 0) + 1);
      const bound = alternatives.find((names) => names.length > 0 && names.every((name) => credentials.has(name)));
      if (bound !== undefined) return { credentials: bound };
      if (alternatives.length === 0 || alternatives.some((names) => names.length === 0)) return { credentials: [] };
      const wanted = alternatives.map((names) => names.join(' and ')).join(', or ');
      return { credentials: [], note: `it needs a credential: ${clip(wanted, 200)}` };
    },
    schemes: () =>
      [...kinds].map(([name, kind]) => ({
        name,
        isBound: credentials.has(name),
        operations: uses.get(name) ?? 0,
        ...(typeof kind === 'string'
          ? { type: 'unknown', needs: [], problem: kind }
          : { type: kind.type, needs: kind.needs, problem: problemOf(kind, givenFor(name), credentials.has(name)) }),
      })),
  };
}

function problemOf(kind: Kind, given: GivenCredential | undefined, isBound: boolean): string | undefined {
  if (given === undefined || isBound) return undefined;
  return `${kind.needs.map((names) => names.join(' and ')).join(', or ')} must be given`;
}

/** What a scheme is, or why it cannot be used. */
function kindOf(name: string, source: JsonObject): Kind | string {
  const type = textOf(source['type']);
  const scheme = textOf(source['scheme'])?.toLowerCase();
  if (type === 'basic' || (type === 'http' && scheme === 'basic')) return basic(name);
  if (type === 'http' && scheme === 'bearer') return { type: 'bearer', needs: [['token']], bind: bindToken(name) };
  if (type === 'apiKey') return apiKey(name, source);
  if (type === 'oauth2' || type === 'openIdConnect') return oauth(name, type, tokenUrlOf(source));
  return `the scheme "${clip([type, scheme].filter(Boolean).join(' '), 40)}" is not supported`;
}

function basic(name: string): Kind {
  return {
    type: 'basic',
    needs: [['username', 'password']],
    bind({ username, password }) {
      if (username === undefined || password === undefined) return undefined;
      return { credential: { type: 'basic', username, password: name }, secret: password };
    },
  };
}

function bindToken(name: string): Kind['bind'] {
  return ({ token }) =>
    token === undefined ? undefined : { credential: { type: 'bearer', token: name }, secret: token };
}

function apiKey(name: string, source: JsonObject): Kind | string {
  const place = (['header', 'query', 'cookie'] as const).find((one) => one === source['in']);
  const key = textOf(source['name']);
  if (place === undefined || key === undefined) return 'the API key has no name or no place';
  return {
    type: 'apiKey',
    needs: [['value']],
    bind({ value, token }) {
      const secret = value ?? token;
      return secret === undefined
        ? undefined
        : { credential: { type: 'apiKey', in: place, name: key, value: name }, secret };
    },
  };
}

/** Client credentials are fetched by Forge; a token that was got in another way is sent as it is. */
function oauth(name: string, type: string, declared: string | undefined): Kind {
  const needs: Scheme['needs'] = [
    ['token'],
    ['clientId', 'clientSecret', ...(declared === undefined ? (['tokenUrl'] as const) : [])],
  ];
  return {
    type,
    needs,
    bind(given) {
      const { clientId, clientSecret, tokenUrl = declared, scope, audience } = given;
      if (clientId === undefined || clientSecret === undefined || tokenUrl === undefined) return bindToken(name)(given);
      const more = { ...(scope === undefined ? {} : { scope }), ...(audience === undefined ? {} : { audience }) };
      return {
        credential: { type: 'oauth2', tokenUrl, clientId, clientSecret: name, ...more },
        secret: clientSecret,
      };
    },
  };
}

/** Of the client credentials flow; 2.0 calls it `application`. */
function tokenUrlOf(source: JsonObject): string | undefined {
  const flow = source['flow'] === 'application' ? source : objectOf(source['flows'])?.['clientCredentials'];
  const url = textOf(objectOf(flow)?.['tokenUrl']);
  return url !== undefined && URL.canParse(url) && /^https?:/.test(url) ? url : undefined;
}
