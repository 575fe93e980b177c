/** @module What every answer carries, and which requests a browser must not be made to send. */
import { ForgeError } from '@forge/core';
import type { MiddlewareHandler } from 'hono';

const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

/** Sets security headers; what an answer has set itself stays. */
export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!context.res.headers.has(name)) context.res.headers.set(name, value);
  }
};

/**
 * Refuses changes that another site makes a browser send: a POST without a body needs no preflight, and the browser
 * may add remembered credentials. Clients that are no browsers send no `Sec-Fetch-Site`.
 */
export function refuseCrossSite(allowedOrigins: readonly string[]): MiddlewareHandler {
  return async (context, next) => {
    const isRead = ['GET', 'HEAD', 'OPTIONS'].includes(context.req.method);
    const origin = context.req.header('origin');
    if (!isRead && context.req.header('sec-fetch-site') === 'cross-site' && !allowedOrigins.includes(origin ?? '')) {
      throw new ForgeError('origin_not_allowed');
    }
    await next();
  };
}
