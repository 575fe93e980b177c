/** @module Who we are to an authorization server: a client given beforehand, a metadata document, or one registered now. */
import type { Issuer } from './discover.ts';
import type { LoginSettings } from './login-settings.ts';
import { LoginError, type OAuthHttp } from './oauth-http.ts';

/** A client. */
export interface OAuthClient {
  readonly id: string;
  readonly secret?: string | undefined;
  readonly method: 'none' | 'client_secret_basic' | 'client_secret_post';
  /** What it was registered with. */
  readonly redirectUri?: string | undefined;
}

/** What the client is for. */
export interface ClientWish {
  readonly grant: 'authorization_code' | 'urn:ietf:params:oauth:grant-type:device_code' | 'client_credentials';
  readonly redirectUri?: string | undefined;
  readonly scope: string | undefined;
}

/**
 * The client to use: the one given, the metadata document where the issuer knows such, one of an earlier login, or one that
 * is registered now (RFC 7591).
 *
 * @param known from an earlier login with this issuer
 * @throws LoginError
 */
export async function clientFor(
  http: OAuthHttp,
  issuer: Issuer,
  settings: LoginSettings,
  wish: ClientWish,
  known: OAuthClient | undefined,
): Promise<OAuthClient> {
  const { clientId, clientSecret, clientMetadataUrl } = settings;
  if (clientId !== undefined) {
    return { id: clientId, secret: clientSecret, method: methodFor(issuer, clientSecret) };
  }
  if (clientMetadataUrl !== undefined && issuer.clientMetadata) return { id: clientMetadataUrl, method: 'none' };
  if (known !== undefined && known.redirectUri === wish.redirectUri) return known;
  if (issuer.registrationEndpoint === undefined) {
    throw new LoginError(`${issuer.issuer} registers no clients by itself. Give one as --client-id`);
  }
  return register(http, issuer, issuer.registrationEndpoint, wish);
}

async function register(http: OAuthHttp, issuer: Issuer, endpoint: URL, wish: ClientWish): Promise<OAuthClient> {
  const { grant, redirectUri, scope } = wish;
  const isPublic = issuer.authMethods.length === 0 || issuer.authMethods.includes('none');
  const { status, json } = await http.post(endpoint, {
    client_name: 'Forge wrapper',
    ...(redirectUri !== undefined && { redirect_uris: [redirectUri], response_types: ['code'] }),
    grant_types: [grant, 'refresh_token'],
    token_endpoint_auth_method: isPublic ? 'none' : methodFor(issuer, 'some'),
    ...(scope !== undefined && { scope }),
  });
  const { client_id: id, client_secret: secret } = json;
  if (status >= 300 || typeof id !== 'string') {
    if (issuer.isGuess) throw new LoginError('The server does not say how to log in. Give a credential as --auth');
    throw new LoginError(`${issuer.issuer} did not register this client (HTTP ${status}). Give one as --client-id`);
  }
  if (typeof secret !== 'string') return { id, method: 'none', redirectUri };
  const granted = json['token_endpoint_auth_method'];
  const method = granted === 'none' || granted === 'client_secret_post' ? granted : methodFor(issuer, secret);
  return { id, secret, method, redirectUri };
}

function methodFor({ authMethods }: Issuer, secret: string | undefined): OAuthClient['method'] {
  if (secret === undefined) return 'none';
  const posts = authMethods.includes('client_secret_post') && !authMethods.includes('client_secret_basic');
  return posts ? 'client_secret_post' : 'client_secret_basic';
}
