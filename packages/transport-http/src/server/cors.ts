/** @module Lets the web pages that may call read the answers (Fetch, HTTP-network CORS protocol). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createOriginCheck, type OriginRules } from './origin.ts';

/** Headers of answers that a page may read. */
const EXPOSED = 'Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After';
const MAX_AGE_SECONDS = '600';

/**
 * Makes the function that is called before a request is answered. For a page that passes `rules` it sets the headers that
 * let the page read the answer, and answers a preflight. Cookies play no part.
 *
 * @returns a function that says whether it has answered the request
 *
 * @example
 * const cors = createCors({ allowedOrigins: ['https://console.example.com'] });
 * createServer((req, res) => cors(req, res) || listener.handle(req, res, '/mcp'));
 */
export function createCors(rules: OriginRules = {}): (req: IncomingMessage, res: ServerResponse) => boolean {
  const checkOrigin = createOriginCheck(rules);
  return (req, res) => {
    const { origin } = req.headers;
    if (origin === undefined) return false;
    try {
      checkOrigin(req.headers);
    } catch {
      return false; // whoever answers refuses it, and the page is not to read how
    }
    res.setHeader('access-control-allow-origin', origin);
    res.setHeader('access-control-expose-headers', EXPOSED);
    res.setHeader('vary', 'Origin');
    if (req.method !== 'OPTIONS' || req.headers['access-control-request-method'] === undefined) return false;
    res.writeHead(204, {
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': req.headers['access-control-request-headers'] ?? '',
      'access-control-max-age': MAX_AGE_SECONDS,
    });
    res.end();
    return true;
  };
}
