/** @module What a body says about a gateway, in the registry's terms. */
import { MASK, type SecretHeader, type UpstreamInput, type UpstreamPatch, type UpstreamTransport } from '@forge/core';
import type { z } from 'zod';
import type { GatewayCreate, GatewayUpdate } from '../contract/gateways.ts';
import { invalidInput } from '../http/keys.ts';

type Fields = z.output<typeof GatewayUpdate>;
/** What a body says about credentials. */
export type AuthFields = Pick<
  Fields,
  'authType' | 'authUsername' | 'authPassword' | 'authToken' | 'authHeaders' | 'authHeaderKey' | 'authHeaderValue'
>;

const TRANSPORTS = {
  SSE: 'sse',
  STREAMABLEHTTP: 'streamable-http',
  WEBSOCKET: 'websocket',
  STDIO: 'stdio',
  INPROCESS: 'in-process',
  REST: 'rest',
  GRPC: 'grpc',
  A2A: 'a2a',
} as const satisfies Record<string, UpstreamTransport>;

/** A registration. @throws ForgeError `validation_failed` */
export function toUpstreamInput(body: z.output<typeof GatewayCreate>): UpstreamInput {
  return { ...toUpstreamPatch(body), name: body.name } as UpstreamInput;
}

/** A change. @throws ForgeError `validation_failed` */
export function toUpstreamPatch(body: Fields): UpstreamPatch {
  const { name, url, description, command, args, env, cwd, era, timeoutMs, tags, visibility, enabled } = body;
  const transport = body.transport && TRANSPORTS[body.transport];
  const headers = toHeaders(body);
  return {
    name,
    url,
    description,
    transport,
    command,
    args,
    env,
    cwd,
    headers,
    config: body.config && JSON.stringify(body.config),
    secrets: body.secrets,
    era,
    timeoutMs,
    tags,
    visibility,
    enabled,
  };
}

/** The headers that `headers` and the `auth…` fields ask for; `undefined` when nothing is said. */
export function toHeaders(body: AuthFields & Pick<Fields, 'headers'>): readonly SecretHeader[] | undefined {
  const plain = body.headers && Object.entries(body.headers).map(([name, value]) => ({ name, value }));
  const auth = authOf(body);
  return plain || auth ? [...(plain ?? []), ...(auth ?? [])] : undefined;
}

/** The headers that the `auth…` fields ask for; `undefined` when nothing is said. @throws ForgeError `validation_failed` */
export function authOf(body: AuthFields): readonly SecretHeader[] | undefined {
  switch (body.authType ?? typeOf(body)) {
    case 'none':
      return [];
    case 'basic':
      return [authorization(basic(need(body, 'authUsername'), need(body, 'authPassword')))];
    case 'bearer':
      return [authorization(masked(need(body, 'authToken'), (token) => `Bearer ${token}`))];
    case 'authheaders':
      return listed(body);
    default:
      return undefined;
  }
}

/** Without `authType`, what is there says it. */
function typeOf(body: AuthFields): Fields['authType'] {
  if (body.authToken !== undefined) return 'bearer';
  if (body.authUsername !== undefined) return 'basic';
  return body.authHeaders !== undefined || body.authHeaderKey !== undefined ? 'authheaders' : undefined;
}

function listed(body: AuthFields): readonly SecretHeader[] {
  if (body.authHeaders) return body.authHeaders.map(({ key, value }) => ({ name: key, value }));
  return [{ name: need(body, 'authHeaderKey'), value: need(body, 'authHeaderValue') }];
}

function need(
  body: AuthFields,
  field: 'authUsername' | 'authPassword' | 'authToken' | 'authHeaderKey' | 'authHeaderValue',
) {
  const value = body[field];
  if (value !== undefined && value !== '') return value;
  throw invalidInput([{ field, message: `is missing for this authType` }]);
}

function basic(username: string, password: string): string {
  if (username.includes(':')) throw invalidInput([{ field: 'authUsername', message: 'must not have a colon' }]);
  return masked(password, () => {
    const bytes = new TextEncoder().encode(`${username}:${password}`);
    return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))}`;
  });
}

/** A mask stands for the stored header as a whole. */
function masked(secret: string, make: (secret: string) => string): string {
  return secret === MASK ? MASK : make(secret);
}

function authorization(value: string): SecretHeader {
  return { name: 'Authorization', value };
}
