/** @module Serves the description and its page, to everybody: they hold nothing but what every Forge has. */
import type { Hono } from 'hono';
import { refuseOthers } from '../http/serve.ts';
import { DOCS_SCRIPT, DOCS_STYLE } from './assets.ts';
import type { OpenApi } from './openapi.ts';
import { renderDocs } from './page.ts';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Adds `/openapi.json` and `/docs`, also under `/v1`. The description is made when it is first asked for. */
export function serveDocs(app: Hono, describe: () => OpenApi): void {
  let api: OpenApi | undefined;
  const described = (): OpenApi => (api ??= describe());
  const serve = (path: string, type: string, text: () => string): void => {
    for (const prefix of ['', '/v1']) {
      app.get(prefix + path, (context) => {
        // The page's links are relative to a path without a slash at its end.
        if (path === '/docs' && new URL(context.req.url).pathname.endsWith('/'))
          return context.redirect('../docs', 308);
        return new Response(text(), { headers: { 'content-type': type, 'content-security-policy': POLICY } });
      });
    }
    refuseOthers(app, path, ['GET']);
  };
  serve('/openapi.json', 'application/json', () => JSON.stringify(described()));
  serve('/docs', 'text/html; charset=utf-8', () => renderDocs(described()));
  serve('/docs/docs.css', 'text/css; charset=utf-8', () => DOCS_STYLE);
  serve('/docs/docs.js', 'text/javascript; charset=utf-8', () => DOCS_SCRIPT);
}
