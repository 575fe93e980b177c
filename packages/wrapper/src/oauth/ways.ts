/** @module The three ways to a token: a person in the browser, a person with another device, or a client by itself. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../log.ts';
import { listenForCallback } from './callback.ts';
import type { Discovery } from './discover.ts';
import type { LoginSettings } from './login-settings.ts';
import { clientFor, type OAuthClient } from './oauth-client.ts';
import { LoginError, type OAuthHttp } from './oauth-http.ts';
import { hasBrowser, openBrowser } from './open-browser.ts';
import { requestTokens, type Tokens } from './token-request.ts';

/** What every way needs. */
export interface LoginTask {
  readonly http: OAuthHttp;
  readonly discovery: Discovery;
  readonly settings: LoginSettings;
  readonly scope: string | undefined;
  /** The client of an earlier login with this issuer. */
  readonly known: OAuthClient | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What a login gave. */
export interface LoggedIn {
  readonly client: OAuthClient;
  readonly tokens: Tokens;
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Logs in, the way that is wanted or possible. @throws LoginError */
export function logIn(task: LoginTask): Promise<LoggedIn> {
  const { way } = task.settings;
  if (way === 'client-credentials') return byItself(task);
  const device = task.discovery.issuer.deviceEndpoint;
  if (way === 'device' && device === undefined) throw new LoginError('The authorization server knows no device codes');
  if (device !== undefined && (way === 'device' || (way === 'auto' && !hasBrowser()))) return byDevice(task, device);
  return inBrowser(task);
}

/** Authorization code with PKCE. */
async function inBrowser({ http, discovery, settings, scope, known, log, signal }: LoginTask): Promise<LoggedIn> {
  const { issuer, resource } = discovery;
  if (issuer.authorizationEndpoint === undefined) throw new LoginError('The authorization server has no login page');
  if (!issuer.pkce) throw new LoginError('The authorization server does not know PKCE (S256), so a login is not safe');
  const fixed = settings.callbackPort !== 0;
  const wished = fixed ? settings.callbackPort : Number(new URL(known?.redirectUri ?? 'http://127.0.0.1:0').port);
  const callback = await listenForCallback(wished, fixed);
  try {
    const { redirectUri } = callback;
    const client = await clientFor(http, issuer, settings, { grant: 'authorization_code', redirectUri, scope }, known);
    const verifier = randomBytes(32).toString('base64url');
    const state = randomBytes(32).toString('base64url');
    const url = new URL(issuer.authorizationEndpoint);
    const parameters = {
      response_type: 'code',
      client_id: client.id,
      redirect_uri: redirectUri,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state,
      resource,
      ...(scope !== undefined && { scope }),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    log('info', `${issuer.issuer} wants you to log in; look at your browser.`);
    if (!hasBrowser() || !(await openBrowser(url))) log('warning', `To log in, open ${url.href}`);
    const code = await callback.code(state, issuer, signal);
    const grant = {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
      resource,
    };
    return { client, tokens: await requestTokens(http, issuer.tokenEndpoint, client, grant) };
  } finally {
    callback.close();
  }
}

/** RFC 8628. */
async function byDevice(task: LoginTask, endpoint: URL): Promise<LoggedIn> {
  const { http, discovery, settings, scope, known, log, signal } = task;
  const { issuer, resource } = discovery;
  const client = await clientFor(http, issuer, settings, { grant: DEVICE_GRANT, scope }, known);
  const form = new URLSearchParams({ client_id: client.id, resource, ...(scope !== undefined && { scope }) });
  const { status, json } = await http.post(endpoint, form);
  const { device_code: code, user_code: userCode, verification_uri: page } = json;
  if (status !== 200 || typeof code !== 'string' || typeof userCode !== 'string') {
    throw new LoginError(`${endpoint.origin} gave no device code (HTTP ${status})`);
  }
  log('warning', `To log in, open ${http.checked(page, 'The verification_uri').href} and enter the code ${userCode}`);
  const grant = { grant_type: DEVICE_GRANT, device_code: code, resource };
  let intervalMs = Math.min(Math.max(Number(json['interval'] ?? 5), 1), 60) * 1000;
  for (;;) {
    await delay(intervalMs, undefined, { signal }).catch(() => {
      throw new LoginError('Nobody logged in in time');
    });
    try {
      return { client, tokens: await requestTokens(http, issuer.tokenEndpoint, client, grant) };
    } catch (error) {
      const { code: why } = error as LoginError;
      if (why === 'slow_down') intervalMs += 5000;
      else if (why !== 'authorization_pending') throw error;
    }
  }
}

/** RFC 6749, 4.4. */
async function byItself({ http, discovery, settings, scope }: LoginTask): Promise<LoggedIn> {
  const { issuer, resource } = discovery;
  const client = await clientFor(http, issuer, settings, { grant: 'client_credentials', scope }, undefined);
  const grant = { grant_type: 'client_credentials', scope, resource };
  return { client, tokens: await requestTokens(http, issuer.tokenEndpoint, client, grant) };
}
