/** @module Where the browser comes back to after a login: a listener on loopback for one answer (RFC 8252, 7.3). */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LoginError } from './oauth-http.ts';

/** The listener. */
export interface Callback {
  readonly redirectUri: string;
  /**
   * Waits for the authorization code of the request with this `state`.
   *
   * @param issuer who must have answered, where it names itself (RFC 9207)
   * @throws LoginError
   */
  code(
    state: string,
    issuer: { readonly issuer: string; readonly namesItself: boolean },
    signal: AbortSignal,
  ): Promise<string>;
  close(): void;
}

const PATH = '/callback';

/** Listens. A wished port that is taken gives way to a free one, unless it is `fixed`. @throws LoginError */
export async function listenForCallback(port: number, fixed: boolean): Promise<Callback> {
  let answer = (_query: URLSearchParams): boolean => false;
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://127.0.0.1');
    const isOurs = req.method === 'GET' && url.pathname === PATH && answer(url.searchParams);
    res.writeHead(isOurs ? 200 : 404, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    });
    res.end(isOurs ? 'You can close this window and go back to your client.\n' : 'Not found.\n');
  });
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    if (fixed || port === 0) throw new LoginError(`Port ${port} on 127.0.0.1 cannot be listened on`);
    return listenForCallback(0, false); // the port of an earlier login is somebody else's now
  }
  return {
    redirectUri: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`,
    code(state, { issuer, namesItself }, signal) {
      return new Promise((resolve, reject) => {
        const onAbort = (): void => reject(new LoginError('Nobody logged in in time'));
        signal.addEventListener('abort', onAbort, { once: true });
        if (signal.aborted) onAbort();
        answer = (query) => {
          if (query.get('state') !== state) return false; // somebody else's; ours may still come
          const iss = query.get('iss');
          const code = query.get('code');
          const refusal = query.get('error');
          if (iss === null ? namesItself : iss !== issuer)
            reject(new LoginError('Another server than the one asked has answered'));
          else if (code !== null && refusal === null) resolve(code);
          else reject(new LoginError(`The login was refused (${(refusal ?? 'no code').slice(0, 100)})`));
          return true;
        };
      });
    },
    close() {
      server.close();
      server.closeIdleConnections();
    },
  };
}
