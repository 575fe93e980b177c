/** @module Assembles the REST API: routes, description, documentation, errors. */
import { type Credentials, ForgeError, type Principal, type Registry } from '@forge/core';
import { Hono } from 'hono';
import { describeApi } from './docs/openapi.ts';
import { serveDocs } from './docs/serve-docs.ts';
import { errorResponse } from './http/errors.ts';
import { refuseCrossSite, securityHeaders } from './http/guards.ts';
import { type Route, serveRoutes } from './http/serve.ts';
import type { ApiCallbacks } from './routes/callbacks.ts';
import { agentRoutes } from './routes/agents.ts';
import { gatewayRoutes } from './routes/gateways.ts';
import { grpcServiceRoutes } from './routes/grpc-services.ts';
import { importRoutes } from './routes/import.ts';
import { openApiRoutes } from './routes/openapi-import.ts';
import { pluginRoutes } from './routes/plugins.ts';
import { promptRoutes } from './routes/prompts.ts';
import { resourceRoutes } from './routes/resources.ts';
import { rpcRoutes } from './routes/rpc.ts';
import { serverRoutes } from './routes/servers.ts';
import { systemRoutes } from './routes/system.ts';
import { toolRoutes } from './routes/tools.ts';

/** Options of {@link createApi}. */
export interface ApiOptions {
  readonly registry: Registry;
  readonly callbacks: ApiCallbacks;
  /** Who sends these credentials. @throws ForgeError `unauthenticated` */
  authenticate(credentials: Credentials): Principal | Promise<Principal>;
  /** Forge's version. */
  readonly version: string;
  /** Value of `WWW-Authenticate` on 401. @default 'Bearer realm="forge"' */
  readonly challenge?: string | undefined;
  /** @default 16777216 */
  readonly maxBodyBytes?: number | undefined;
  /** Other origins whose pages may change things from a browser. @default none */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Told of every error that is answered, for the log; causes included. @default nobody */
  readonly onError?: ((error: ForgeError, request: Request) => void) | undefined;
}

const MAX_BODY_BYTES = 16 * 1024 * 1024;
const CHALLENGE = 'Bearer realm="forge"';

/**
 * Makes the API as a Hono application, to be served alone or mounted.
 *
 * @example
 * const api = createApi({ registry, callbacks, authenticate, version: '1.0.0' });
 * const response = await api.request('/health');
 */
export function createApi(options: ApiOptions): Hono {
  const { registry, callbacks, version, onError } = options;
  const routes: Route[] = [
    ...gatewayRoutes(registry),
    ...agentRoutes(registry, callbacks),
    ...grpcServiceRoutes(registry, callbacks),
    ...importRoutes(registry),
    ...openApiRoutes(registry, callbacks.importOpenApi),
    ...serverRoutes(registry, callbacks),
    ...toolRoutes(registry, callbacks),
    ...resourceRoutes(registry, callbacks),
    ...promptRoutes(registry, callbacks),
    ...pluginRoutes(registry, callbacks),
    ...rpcRoutes(callbacks),
    ...systemRoutes(registry, callbacks, version),
  ];
  const app = new Hono({ strict: false });
  app.use(securityHeaders, refuseCrossSite(options.allowedOrigins ?? []));
  const operations = routes.map((route) => route.operation);
  serveDocs(app, () => describeApi(operations, version));
  serveRoutes(app, routes, {
    authenticate: (credentials) => options.authenticate(credentials),
    maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
  });
  app.notFound((context) => {
    throw new ForgeError('not_found', `There is nothing at ${context.req.path.slice(0, 200)}`);
  });
  app.onError((thrown, context) => {
    const error = ForgeError.from(thrown);
    onError?.(error, context.req.raw);
    const response = errorResponse(error, options.challenge ?? CHALLENGE);
    const allow = context.res.headers.get('allow');
    if (allow !== null) response.headers.set('allow', allow);
    return response;
  });
  return app;
}
