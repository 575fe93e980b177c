/** @module Serves operations: authenticates, checks rights, reads and checks input, answers JSON. */
import { type Credentials, ForgeError, type Principal } from '@forge/core';
import type { JsonText } from '@forge/protocol';
import type { Context, Hono } from 'hono';
import { SHARED_FOREIGN } from '../contract/foreign.ts';
import type { ObjectSchema, Operation } from '../contract/operation.ts';
import { readJson } from './body.ts';
import { checkFields, fieldsOf, isObject } from './keys.ts';

/** One request as handlers see it. */
export interface ApiRequest<Query = unknown, Body = unknown> {
  /** Absent on public operations only; they must not read it. */
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** Path and query as they were sent. */
  readonly url: URL;
  /** Where the client reaches the gateway, as far as that is known behind a proxy. */
  readonly origin: string;
  /** The client's own credential for an upstream; ours is never among what handlers see. */
  readonly upstreamAuthorization: string | undefined;
  /** The version of A2A that the client speaks, where it says it. */
  readonly a2aVersion: string | undefined;
  /** Aborts when the client goes. */
  readonly signal: AbortSignal;
  /** For the answer. */
  readonly headers: Headers;
  /** The body as it was sent; for operations with a raw body. */
  json(): Promise<JsonText>;
}

/** Serves one operation: what it returns is sent as JSON, a `Response` as it is. */
export type Handler<Query, Body, Answer> = (
  request: ApiRequest<Query, Body>,
) => Answer | Response | Promise<Answer | Response>;

/** An operation with its handler. */
export interface Route {
  readonly operation: Operation;
  readonly handle: Handler<unknown, unknown, unknown>;
}

/** Binds a handler to an operation; their types must agree. */
export function route<Query, Body, Answer>(
  operation: Operation<Query, Body, Answer>,
  handle: Handler<Query, Body, Answer>,
): Route {
  return { operation, handle: handle as Route['handle'] };
}

/** What serving needs. */
export interface ServeOptions {
  authenticate(credentials: Credentials): Principal | Promise<Principal>;
  readonly maxBodyBytes: number;
}

/** Serves each route at its path and under `/v1`, and answers 405 to every other method there. */
export function serveRoutes(app: Hono, routes: readonly Route[], options: ServeOptions): void {
  const methods = new Map<string, string[]>();
  for (const { operation, handle } of routes) {
    const path = operation.path.replace(/\{(\w+)\+\}$/, ':$1{.+}').replaceAll(/\{(\w+)\}/g, ':$1');
    methods.set(path, [...(methods.get(path) ?? []), operation.method.toUpperCase()]);
    for (const prefix of ['', '/v1']) {
      app.on(operation.method.toUpperCase(), prefix + path, (context) => serve(context, operation, handle, options));
    }
  }
  for (const [path, allowed] of methods) refuseOthers(app, path, allowed);
}

/** Answers 405 to every method at a path, and under `/v1`, that has no route before. `HEAD` comes with `GET`. */
export function refuseOthers(app: Hono, path: string, allowed: readonly string[]): void {
  const allow = (allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed).join(', ');
  for (const prefix of ['', '/v1']) {
    app.all(prefix + path, (context) => {
      context.header('allow', allow);
      throw new ForgeError('method_not_allowed', `${context.req.method} is not allowed here, only ${allow}`);
    });
  }
}

async function serve(
  context: Context,
  operation: Operation,
  handle: Route['handle'],
  options: ServeOptions,
): Promise<Response> {
  const request = context.req.raw;
  const principal = operation.access === 'public' ? undefined : await authorize(context, operation, options);
  const maxBytes = Math.max(options.maxBodyBytes, operation.maxBodyBytes ?? 0);
  const json = (): Promise<JsonText> => readJson(request, maxBytes);
  const headers = new Headers();
  const answer = await handle({
    principal: principal as Principal,
    params: context.req.param() as Record<string, string>,
    query: operation.query && checkFields(operation.query, context.req.query()),
    body: operation.body && fieldsOfBody(operation, operation.body, await json()),
    url: new URL(request.url),
    origin: originOf(context),
    upstreamAuthorization: context.req.header('x-upstream-authorization'),
    a2aVersion: context.req.header('a2a-version'),
    signal: request.signal,
    headers,
    json,
  });
  if (answer instanceof Response) return answer;
  return Response.json(answer, { status: operation.status ?? 200, headers });
}

/** A proxy that ends TLS says so; who lies about it deceives nobody else. */
function originOf({ req }: Context): string {
  const { origin } = new URL(req.url);
  return req.header('x-forwarded-proto') === 'https' ? origin.replace(/^http:/, 'https:') : origin;
}

/** Rights come before input: who may not change something learns nothing about what would be valid. */
async function authorize(context: Context, operation: Operation, options: ServeOptions): Promise<Principal> {
  const principal = await options.authenticate({ authorization: context.req.header('authorization') });
  if (operation.access === 'admin') {
    if (principal.serverId !== undefined) {
      throw new ForgeError('forbidden', 'This credential opens one virtual server and nothing else');
    }
    if (!principal.admin) throw new ForgeError('forbidden', 'Only an administrator may do this');
  }
  return principal;
}

function fieldsOfBody<T>(operation: Operation, schema: ObjectSchema<T>, json: JsonText): T {
  const { readBack, foreign = SHARED_FOREIGN } = operation;
  return checkFields(schema, unwrap(json, operation), fieldsOf(readBack), foreign);
}

/** The fields of a body, bare or under the operation's wrapper with siblings. */
function unwrap(json: JsonText, { wrapper }: Operation): Record<string, unknown> {
  const body = json.value;
  if (!isObject(body)) throw new ForgeError('validation_failed', 'The body must be a JSON object');
  const inner = wrapper !== undefined && Object.hasOwn(body, wrapper) ? body[wrapper] : undefined;
  if (!isObject(inner)) return body;
  const siblings = Object.entries(body).filter(([key]) => key !== wrapper && !Object.hasOwn(inner, key));
  return Object.fromEntries([...siblings, ...Object.entries(inner)]);
}
