/** @module OAuth client credentials in the terms of adapters, and back. */
import type { z } from 'zod';
import type { OAuthConfig, OAuthConfigRead } from '../contract/oauth-config.ts';
import type { OAuthCredentials } from './callbacks.ts';

/** What a body says. */
export function toCredentials(said: z.output<typeof OAuthConfig>): OAuthCredentials {
  const { tokenUrl, clientId, clientSecret, scopes, audience, resource, tokenEndpointAuthMethod: method } = said;
  const scope = Array.isArray(scopes) ? scopes.join(' ') : scopes;
  const clientAuth = method && (method === 'client_secret_post' ? 'post' : 'basic');
  return { tokenUrl, clientId, clientSecret, scope, audience, resource, clientAuth };
}

/** What an answer shows; sent back unchanged, it says nothing. */
export function oauthView(credentials: OAuthCredentials): z.output<typeof OAuthConfigRead> {
  const { tokenUrl, clientId, clientSecret, scope: scopes, audience, resource, clientAuth } = credentials;
  const method = clientAuth && (`client_secret_${clientAuth}` as const);
  const [grantType, tokenEndpointAuthMethod] = ['client_credentials' as const, method];
  return { grantType, tokenUrl, clientId, clientSecret, scopes, audience, resource, tokenEndpointAuthMethod };
}
