/** @module Renews a refused credential: by what another process got meanwhile, by refreshing, by a login at last. */
import type { Refused } from '@forge/transport-http';
import type { Log } from '../log.ts';
import type { Network } from '../network.ts';
import { type Challenge, readChallenge } from './challenge.ts';
import { type Discovery, discover } from './discover.ts';
import { withFileLock } from './file-lock.ts';
import type { LoginSettings } from './login-settings.ts';
import { createOAuthHttp, LoginError, type OAuthHttp } from './oauth-http.ts';
import { requestTokens } from './token-request.ts';
import type { Stored, TokenStore } from './token-store.ts';
import { logIn } from './ways.ts';

/** What a login is made of. */
export interface LoginParts {
  readonly server: URL;
  readonly settings: LoginSettings;
  readonly store: TokenStore;
  readonly network: Network;
  readonly log: Log;
  /** Ends what is going on. */
  readonly signal: AbortSignal;
}

/** Comes by credentials. */
export interface Login {
  /** What the file holds afterwards, if it is better than what was refused. Never rejects. */
  renew(refused: Refused): Promise<Stored | undefined>;
}

/** A login that did not help is not asked for again so soon. */
const QUIET_MS = 300_000;
/** A token this young was not refused for its age. */
const FRESH_MS = 10_000;
/** What an authorization server says of a refresh token, or of us, that will never be good again. */
const FINAL: readonly (string | undefined)[] = ['invalid_grant', 'invalid_client', 'unauthorized_client'];

/** Renews credentials of one server. */
export function createLogin({ server, settings, store, network, log, signal }: LoginParts): Login {
  const http = createOAuthHttp(network.dispatcher, server);
  let triedAt = -Infinity;
  /** Somebody closed the window, or was not there: no more windows. Who wants one starts the wrapper anew. */
  let failed = false;
  let refreshedAt = -Infinity;

  async function renew({ status, used, challenge }: Refused): Promise<Stored | undefined> {
    const asked = readChallenge(challenge);
    const since = Date.now();
    return withFileLock(`${store.path}.lock`, signal, async () => {
      const stored = store.read();
      if (stored.accessToken !== undefined && `Bearer ${stored.accessToken}` !== used) return stored;
      if (status === 401) {
        const refreshed = await refresh(http, stored);
        if (refreshed !== undefined) return refreshed;
      }
      if ((stored.failedAt ?? 0) >= since) throw new LoginError('A login in another process failed just now');
      if (failed || Date.now() - triedAt < QUIET_MS) {
        throw new LoginError('The last login did not help. Start anew to try again');
      }
      return begin(store.read(), asked);
    });
  }

  async function refresh(http: OAuthHttp, stored: Stored): Promise<Stored | undefined> {
    const { refreshToken, tokenEndpoint, client, resource } = stored;
    if (refreshToken === undefined || tokenEndpoint === undefined || client === undefined) return undefined;
    if (Date.now() - refreshedAt < FRESH_MS) return undefined;
    const endpoint = http.checked(tokenEndpoint, 'The token_endpoint');
    try {
      const grant = { grant_type: 'refresh_token', refresh_token: refreshToken, resource };
      const tokens = await requestTokens(http, endpoint, client, grant);
      refreshedAt = Date.now();
      log('info', 'The access token has been refreshed.');
      return save({
        ...stored,
        ...tokens,
        refreshToken: tokens.refreshToken ?? refreshToken,
        scope: tokens.scope ?? stored.scope,
      });
    } catch (error) {
      // A network that is away, or a server that is down, must not cost a login.
      const { code } = error as LoginError;
      if (!FINAL.includes(code)) throw error;
      log('info', `The access token cannot be refreshed (${code}).`);
      store.write({ ...stored, refreshToken: undefined, client: code === 'invalid_grant' ? client : undefined });
      return undefined;
    }
  }

  async function begin(stored: Stored, asked: Challenge): Promise<Stored> {
    const discovery = await discover(http, server, asked);
    const { issuer, resource } = discovery;
    const scope = settings.scope ?? scopesFor(discovery, asked, stored);
    const known = stored.issuer === issuer.issuer ? stored.client : undefined;
    const ending = AbortSignal.any([signal, AbortSignal.timeout(settings.timeoutMs)]);
    triedAt = Date.now();
    try {
      const { client, tokens } = await logIn({ http, discovery, settings, scope, known, log, signal: ending });
      log('info', `Logged in at ${issuer.issuer}.`);
      const tokenEndpoint = issuer.tokenEndpoint.href;
      return save({ ...tokens, scope: tokens.scope ?? scope, issuer: issuer.issuer, tokenEndpoint, resource, client });
    } catch (error) {
      failed = true;
      store.write({ ...stored, failedAt: Date.now() });
      throw error;
    }
  }

  function save(stored: Stored): Stored {
    store.write(stored);
    return stored;
  }

  return {
    async renew(refused) {
      try {
        return await renew(refused);
      } catch (error) {
        if (!signal.aborted) log('error', `No credential: ${(error as Error).message}.`);
        return undefined;
      }
    },
  };
}

/** What the server asks for now, besides what was granted before. */
function scopesFor({ scope }: Discovery, asked: Challenge, stored: Stored): string | undefined {
  const before = asked.error === 'insufficient_scope' ? (stored.scope ?? '') : '';
  const scopes = new Set(`${before} ${scope ?? ''}`.split(' ').filter((one) => one !== ''));
  return scopes.size === 0 ? undefined : [...scopes].join(' ');
}
