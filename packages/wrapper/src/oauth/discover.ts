/**
 * @module Finds out who issues tokens for a server: protected resource metadata (RFC 9728), then authorization server
 * metadata (RFC 8414, OpenID Connect Discovery). Basic/authorization, Authorization Server Discovery.
 */
import type { Challenge } from './challenge.ts';
import { LoginError, type OAuthHttp } from './oauth-http.ts';

/** An authorization server. */
export interface Issuer {
  readonly issuer: string;
  readonly authorizationEndpoint: URL | undefined;
  readonly tokenEndpoint: URL;
  readonly registrationEndpoint: URL | undefined;
  readonly deviceEndpoint: URL | undefined;
  /** How clients may prove who they are at the token endpoint. */
  readonly authMethods: readonly string[];
  /** Knows PKCE with S256. */
  readonly pkce: boolean;
  /** Knows client-ID metadata documents. */
  readonly clientMetadata: boolean;
  /** Names itself in its answers (RFC 9207). */
  readonly namesItself: boolean;
  /** Nobody has said that it exists. */
  readonly isGuess: boolean;
}

/** What a login needs to know. */
export interface Discovery {
  readonly issuer: Issuer;
  /** RFC 8707. */
  readonly resource: string;
  readonly scope: string | undefined;
}

/** Asks the server, then its authorization server. @throws LoginError */
export async function discover(http: OAuthHttp, server: URL, challenge: Challenge): Promise<Discovery> {
  const metadata = await resourceMetadata(http, server, challenge);
  const [named] = strings(metadata?.['authorization_servers']);
  const json = await issuerMetadata(http, http.checked(named ?? server.origin, 'The authorization server'));
  if (json === undefined && named !== undefined) throw new LoginError(`${named} does not say how to log in`);
  // The revisions before 2025-06-18: the MCP server is its own authorization server, at fixed paths.
  const issuer = json === undefined ? fixedIssuer(server) : readIssuer(http, json, named);
  const offline = strings(json?.['scopes_supported']).includes('offline_access') ? ['offline_access'] : [];
  const scopes = challenge.scope?.split(' ') ?? strings(metadata?.['scopes_supported']);
  return {
    issuer,
    resource: resourceOf(server, metadata),
    scope: scopes.length === 0 ? undefined : [...new Set([...scopes, ...offline])].join(' '),
  };
}

type Json = Readonly<Record<string, unknown>>;

async function resourceMetadata(http: OAuthHttp, server: URL, challenge: Challenge): Promise<Json | undefined> {
  const base = '/.well-known/oauth-protected-resource';
  const path = server.pathname.replace(/\/$/, '');
  const named = challenge.resourceMetadata;
  const places =
    named === undefined
      ? [...new Set([`${base}${path}`, base])].map((place) => new URL(place, server.origin))
      : [http.checked(named, 'The address of the resource metadata')];
  return firstFound(http, places, (json) => strings(json['authorization_servers']).length > 0);
}

function issuerMetadata(http: OAuthHttp, issuer: URL): Promise<Json | undefined> {
  const path = issuer.pathname.replace(/\/$/, '');
  const places = [`/.well-known/oauth-authorization-server${path}`, `/.well-known/openid-configuration${path}`];
  if (path !== '') places.push(`${path}/.well-known/openid-configuration`);
  return firstFound(
    http,
    places.map((place) => new URL(place, issuer.origin)),
    (json) => typeof json['token_endpoint'] === 'string',
  );
}

async function firstFound(
  http: OAuthHttp,
  places: readonly URL[],
  fits: (json: Json) => boolean,
): Promise<Json | undefined> {
  for (const place of places) {
    const { status, json } = await http.get(place);
    if (status === 200 && fits(json)) return json;
    if (status >= 500) throw new LoginError(`${place.origin} answers with HTTP ${status}`);
  }
  return undefined;
}

/** The resource must be this server, or a part of its address, else the token is for somebody else (RFC 9728, 3.3). */
function resourceOf(server: URL, metadata: Json | undefined): string {
  const own = server.href.replace(/#.*$/, '');
  const named = metadata?.['resource'];
  if (typeof named !== 'string') return own;
  const resource = URL.canParse(named) ? new URL(named) : undefined;
  const within = (path: string): string => (path.endsWith('/') ? path : `${path}/`);
  if (resource?.origin === server.origin && within(server.pathname).startsWith(within(resource.pathname))) return named;
  throw new LoginError('The server names another resource than itself in its metadata');
}

function readIssuer(http: OAuthHttp, json: Json, named: string | undefined): Issuer {
  const issuer = String(json['issuer']);
  const slashless = (text: string): string => text.replace(/\/$/, '');
  if (named !== undefined && slashless(issuer) !== slashless(named)) {
    throw new LoginError(`The authorization server calls itself by another name than ${named}`);
  }
  const endpoint = (name: string): URL | undefined =>
    json[name] === undefined ? undefined : http.checked(json[name], `The ${name}`);
  return {
    issuer,
    authorizationEndpoint: endpoint('authorization_endpoint'),
    tokenEndpoint: http.checked(json['token_endpoint'], 'The token_endpoint'),
    registrationEndpoint: endpoint('registration_endpoint'),
    deviceEndpoint: endpoint('device_authorization_endpoint'),
    authMethods: strings(json['token_endpoint_auth_methods_supported']),
    pkce: strings(json['code_challenge_methods_supported']).includes('S256'),
    clientMetadata: json['client_id_metadata_document_supported'] === true,
    namesItself: json['authorization_response_iss_parameter_supported'] === true,
    isGuess: false,
  };
}

function fixedIssuer({ origin }: URL): Issuer {
  return {
    issuer: origin,
    authorizationEndpoint: new URL('/authorize', origin),
    tokenEndpoint: new URL('/token', origin),
    registrationEndpoint: new URL('/register', origin),
    deviceEndpoint: undefined,
    authMethods: [],
    pkce: true,
    clientMetadata: false,
    namesItself: false,
    isGuess: true,
  };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
