/** @module An authorization server on loopback, and the guard that makes a test's MCP server ask for its tokens; for tests. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { TestUpstream } from '../upstream.fixture.ts';
import { folder } from '../wrapper.fixture.ts';

/** What happened at the authorization server. */
export interface Authority {
  readonly origin: string;
  /** Requests as `PATH` or, at the token endpoint, `grant_type`. */
  readonly log: string[];
  /** Bodies of token requests. */
  readonly tokenRequests: URLSearchParams[];
  /** Tokens that the MCP server takes. */
  readonly valid: Set<string>;
  /** Refresh tokens that are good, each once. */
  readonly refreshable: Set<string>;
  /** Members of the metadata that differ. */
  metadata: Record<string, unknown>;
  /** Whether tokens that are given out are any good. */
  generous: boolean;
  /** The token endpoint is out of order. */
  isDown: boolean;
  /** Polls of a device code until the person has agreed. */
  devicePolls: number;
}

/** Starts it, and puts it in front of the server. */
export async function startAuthority(server: TestUpstream): Promise<Authority> {
  const challenges = new Map<string, string>();
  const http = createServer((req, res) => void handle(req, res)).listen(0, '127.0.0.1');
  await once(http, 'listening');
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const authority: Authority = {
    origin,
    log: [],
    tokenRequests: [],
    valid: new Set(),
    refreshable: new Set(),
    metadata: {},
    generous: true,
    isDown: false,
    devicePolls: 0,
  };

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '', origin);
    const body = await text(req);
    const json = (value: object, status = 200): void => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (url.pathname !== '/token') authority.log.push(url.pathname);
    switch (url.pathname) {
      case '/.well-known/oauth-authorization-server':
        return json({
          issuer: origin,
          authorization_endpoint: `${origin}/authorize`,
          token_endpoint: `${origin}/token`,
          registration_endpoint: `${origin}/register`,
          device_authorization_endpoint: `${origin}/device`,
          code_challenge_methods_supported: ['S256'],
          token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'],
          ...authority.metadata,
        });
      case '/register':
        return json(
          { client_id: 'registered', redirect_uris: (JSON.parse(body) as { redirect_uris: string[] }).redirect_uris },
          201,
        );
      case '/authorize': {
        const code = `code-${challenges.size}`;
        challenges.set(code, url.searchParams.get('code_challenge') ?? '');
        const back = new URL(url.searchParams.get('redirect_uri') ?? '');
        back.search = String(new URLSearchParams({ code, state: url.searchParams.get('state') ?? '', iss: origin }));
        return void res.writeHead(302, { location: back.href }).end();
      }
      case '/device':
        return json({
          device_code: 'd',
          user_code: 'WDJB-MJHT',
          verification_uri: `${origin}/activate`,
          interval: 1,
          expires_in: 60,
        });
      case '/token': {
        const form = new URLSearchParams(body);
        authority.log.push(form.get('grant_type') ?? '');
        authority.tokenRequests.push(form);
        return authority.isDown ? json({ error: 'server_error' }, 503) : json(...grant(form));
      }
      default:
        return json({}, 404);
    }
  }

  function grant(form: URLSearchParams): [object, number] {
    switch (form.get('grant_type')) {
      case 'authorization_code': {
        const digest = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url');
        return digest === challenges.get(form.get('code') ?? '') ? tokens() : [{ error: 'invalid_grant' }, 400];
      }
      case 'refresh_token':
        return authority.refreshable.delete(form.get('refresh_token') ?? '')
          ? tokens()
          : [{ error: 'invalid_grant' }, 400];
      case 'client_credentials':
        return tokens();
      default:
        authority.devicePolls -= 1;
        return authority.devicePolls >= 0 ? [{ error: 'authorization_pending' }, 400] : tokens();
    }
  }

  function tokens(): [object, number] {
    const number = authority.tokenRequests.length;
    if (authority.generous) authority.valid.add(`access-${number}`);
    authority.refreshable.add(`refresh-${number}`);
    return [{ access_token: `access-${number}`, refresh_token: `refresh-${number}`, token_type: 'Bearer' }, 200];
  }

  server.guard = (req, res) => {
    if (req.url === '/.well-known/oauth-protected-resource/mcp') {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify({ resource: server.url, authorization_servers: [origin], scopes_supported: ['mcp'] }));
      return true;
    }
    const token = req.headers.authorization?.replace('Bearer ', '');
    if (token !== undefined && authority.valid.has(token)) return false;
    req.resume();
    const metadata = new URL('/.well-known/oauth-protected-resource/mcp', server.url).href;
    res.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${metadata}", scope="mcp"` }).end();
    return true;
  };
  return authority;
}

/**
 * An environment with a browser that logs in at once: it is `xdg-open` and `open`, notes what it was given in `opened`, and
 * follows where it is sent.
 *
 * @param agrees otherwise it opens the page and does nothing
 */
export function withBrowser(agrees = true): { readonly env: Record<string, string>; readonly opened: string } {
  const path = folder();
  const opened = join(path, 'opened');
  const script = `#!${process.execPath}
require('node:fs').appendFileSync(${JSON.stringify(opened)}, JSON.stringify(process.argv.slice(2)) + '\\n');
${agrees ? 'void fetch(process.argv[2]).then((page) => page.text());' : ''}`;
  for (const name of ['xdg-open', 'open']) {
    writeFileSync(join(path, name), script);
    chmodSync(join(path, name), 0o755);
  }
  return {
    env: { PATH: `${path}:${process.env['PATH']}`, DISPLAY: ':0', FORGE_WRAPPER_CONFIG_DIR: join(path, 'config') },
    opened,
  };
}
