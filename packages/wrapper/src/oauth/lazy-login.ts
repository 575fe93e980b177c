/** @module The credential of a server that may ask for a login. What makes one is loaded when it does. */
import type { CredentialSource, Refused } from '@forge/transport-http';
import type { Log } from '../log.ts';
import type { Network } from '../network.ts';
import type { Login } from './login.ts';
import type { LoginSettings } from './login-settings.ts';
import { createTokenStore } from './token-store.ts';

/** A credential that logs in by itself. */
export interface LazyLogin extends CredentialSource {
  /** A login or a refresh is going on. */
  readonly isBusy: boolean;
  /** Gives up what is going on. */
  stop(): void;
}

/** What is needed for it. */
export interface LazyLoginParts {
  readonly server: URL;
  readonly settings: LoginSettings;
  /** Where tokens are kept. */
  readonly folder: string;
  readonly network: Network;
  readonly log: Log;
}

/** The credential that the last login left, until it is refused. */
export function createLazyLogin({ server, settings, folder, network, log }: LazyLoginParts): LazyLogin {
  const store = createTokenStore(server, settings, folder);
  const stopping = new AbortController();
  let token = store.read().accessToken;
  let login: Login | undefined;
  let renewing: Promise<boolean> | undefined;

  const authorization = (): string | undefined => (token === undefined ? undefined : `Bearer ${token}`);

  async function renew(refused: Refused): Promise<boolean> {
    const { createLogin } = await import('./login.ts');
    login ??= createLogin({ server, settings, store, network, log, signal: stopping.signal });
    const stored = await login.renew(refused);
    token = stored?.accessToken ?? token;
    return stored?.accessToken !== undefined;
  }

  return {
    authorization,
    get isBusy() {
      return renewing !== undefined;
    },
    async refused(refused) {
      if (stopping.signal.aborted) return false;
      if (refused.status === 403 && !/insufficient_scope/.test(refused.challenge ?? '')) return false;
      if (refused.used !== authorization()) return true; // another call has renewed it meanwhile
      renewing ??= renew(refused).finally(() => (renewing = undefined));
      return renewing;
    },
    stop: () => stopping.abort(),
  };
}
