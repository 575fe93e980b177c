/** @module What a body says about a REST endpoint, in the adapter's terms. */
import type { z } from 'zod';
import { RestToolFields } from '../contract/rest-tools.ts';
import type { ToolCreate, ToolUpdate } from '../contract/tools.ts';
import { invalidInput } from '../http/keys.ts';
import type * as callbacks from './callbacks.ts';
import { authOf } from './gateway-input.ts';
import { inAuth } from './rest-tool-problems.ts';
import { toCredentials } from './oauth-config.ts';

type Body = z.output<typeof ToolUpdate> | z.output<typeof ToolCreate>;

const GATEWAY_TYPES = ['none', 'basic', 'bearer', 'authheaders'] as const;

/** What is said of the endpoint, without what is said already. */
export function endpointFields(
  name: string,
  body: Body,
  known?: callbacks.RestToolFields,
): callbacks.RestToolFields | undefined {
  const fields = Object.keys(RestToolFields) as (keyof typeof RestToolFields)[];
  const said = { ...body, title: body.title ?? body.displayName };
  const given = fields.flatMap((field) => {
    const value = said[field];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(known?.[field])) return [];
    return [[field, value] as const];
  });
  return given.length === 0 ? undefined : { ...Object.fromEntries(given), name };
}

/** The credentials, in one object or flat; `undefined` when nothing is said. @throws ForgeError `validation_failed` */
export function endpointAuth(body: Body): callbacks.RestToolAuth | undefined {
  const { auth } = body;
  return auth === undefined ? authIn(body) : inAuth(() => authIn(nested(auth)));
}

function nested(auth: NonNullable<Body['auth']>): Said {
  if (auth.authValue !== undefined && Object.keys(auth).every((key) => key === 'authType' || key === 'authValue')) {
    throw invalidInput([{ field: 'authValue', message: 'is not taken: send the credentials themselves' }]);
  }
  return flat(auth);
}

function authIn(said: Said): callbacks.RestToolAuth | undefined {
  const authType = said.authType?.toLowerCase().replaceAll('_', '');
  if (authType === 'queryparam' || (authType === undefined && said.authQueryParamKey !== undefined)) {
    return { type: 'query', name: need(said, 'authQueryParamKey'), value: need(said, 'authQueryParamValue') };
  }
  if (authType?.startsWith('oauth') === true || (authType === undefined && said.oauthConfig !== undefined)) {
    return { type: 'oauth', ...toCredentials(said.oauthConfig ?? missing('oauthConfig')) };
  }
  const known = GATEWAY_TYPES.find((type) => type === authType);
  if (known === undefined && authType !== undefined) {
    const message = 'must be one of none, basic, bearer, authheaders, query_param, oauth';
    throw invalidInput([{ field: 'authType', message }]);
  }
  const headers = authOf({ ...said, authType: known });
  return headers && { type: 'headers', headers };
}

type Said = Pick<
  Body,
  | 'authType'
  | 'authUsername'
  | 'authPassword'
  | 'authToken'
  | 'authHeaders'
  | 'authHeaderKey'
  | 'authHeaderValue'
  | 'authQueryParamKey'
  | 'authQueryParamValue'
  | 'oauthConfig'
>;

/** Empty texts say nothing, as ContextForge sends them back. */
function flat({ username, password, token, ...rest }: NonNullable<Body['auth']>): Said {
  const said = { ...rest, authUsername: username, authPassword: password, authToken: token };
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== '' && value !== undefined)) as Said;
}

function need(said: Said, field: 'authQueryParamKey' | 'authQueryParamValue'): string {
  return said[field] || missing(field);
}

function missing(field: string): never {
  throw invalidInput([{ field, message: 'is missing for this authType' }]);
}
