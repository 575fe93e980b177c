/** @module Asks a token endpoint (RFC 6749; RFC 8707 for `resource`). */
import type { OAuthClient } from './oauth-client.ts';
import { LoginError, type OAuthHttp } from './oauth-http.ts';

/** What a token endpoint gave. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly scope: string | undefined;
}

/** @throws LoginError with the endpoint's `code` */
export async function requestTokens(
  http: OAuthHttp,
  endpoint: URL,
  client: OAuthClient,
  parameters: Readonly<Record<string, string | undefined>>,
): Promise<Tokens> {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.set(name, value);
  const headers: Record<string, string> = {};
  if (client.method === 'client_secret_basic') {
    headers['authorization'] = `Basic ${basic(client.id, client.secret ?? '')}`;
  } else {
    form.set('client_id', client.id);
    if (client.method === 'client_secret_post') form.set('client_secret', client.secret ?? '');
  }
  const { status, json } = await http.post(endpoint, form, headers);
  const { access_token: accessToken, refresh_token: refreshToken, scope } = json;
  if (status === 200 && typeof accessToken === 'string') {
    // What cannot stand in a header would end in somebody else's.
    if (!/^[\x21-\x7e]+$/.test(accessToken)) throw new LoginError('The access token cannot stand in a header');
    const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
    return { accessToken, refreshToken: text(refreshToken), scope: text(scope) };
  }
  const code = typeof json['error'] === 'string' ? json['error'].slice(0, 100) : undefined;
  throw new LoginError(`${endpoint.origin} gave no token (${code ?? `HTTP ${status}`})`, code);
}

/** RFC 6749, 2.3.1: both parts are form-encoded first. */
function basic(id: string, secret: string): string {
  const encode = (text: string): string => new URLSearchParams({ x: text }).toString().slice(2);
  return Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64');
}
