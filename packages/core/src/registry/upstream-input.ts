/** @module What can be said about an upstream, and the checks that make a record of it. */
import { JsonText } from '@forge/protocol';
import type { Entity, SecretHeader, UpstreamRecord, UpstreamTransport } from '../contracts/model.ts';
import type { AddressPolicy } from '../addresses/address-policy.ts';
import { slugify } from '../catalog/naming.ts';
import { checkCount, checkLine, checkText, invalid } from './checks.ts';
import type { EntityInput } from './context.ts';
import { LIMITS } from './limits.ts';
import { checkUpstreamUrl, isGrpcUrl, isWebSocketUrl } from './upstream-url.ts';

/** What a creator says about an upstream. */
export interface UpstreamInput extends EntityInput {
  readonly name: string;
  readonly description?: string | undefined;
  /** @default `stdio` with a command, `websocket` for ws: and wss:, `grpc` for grpc: and grpcs:, `sse` for a URL that ends in `/sse`, else `streamable-http` */
  readonly transport?: UpstreamTransport | undefined;
  readonly url?: string | undefined;
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  readonly headers?: readonly SecretHeader[] | undefined;
  /** JSON text of an object; see `UpstreamRecord`. */
  readonly config?: string | undefined;
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** @default 'auto' */
  readonly era?: UpstreamRecord['era'] | undefined;
  readonly timeoutMs?: number | undefined;
}

/** RFC 9110 token. */
const HEADER_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Visible characters, spaces and tabs of Latin-1; no line break can be smuggled in. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Headers that belong to the connection or to the protocol: setting them would break framing or lie about the message. */
const RESERVED_HEADERS = new Set(
  'host connection content-length content-type transfer-encoding upgrade te trailer keep-alive accept mcp-session-id mcp-protocol-version mcp-method mcp-name last-event-id sec-websocket-key sec-websocket-version sec-websocket-protocol sec-websocket-extensions'.split(
    ' ',
  ),
);
/** Of URLs, where they are not those of HTTP. */
const SCHEMES: Readonly<Partial<Record<UpstreamTransport, readonly string[]>>> = {
  websocket: ['ws:', 'wss:'],
  grpc: ['grpc:', 'grpcs:'],
};
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A record with its secrets in the clear. @throws ForgeError `validation_failed` */
export function toUpstream(entity: Entity, input: UpstreamInput, addresses?: AddressPolicy): UpstreamRecord {
  const name = checkLine('name', input.name, LIMITS.nameLength);
  const transport = input.transport ?? transportOf(input);
  const config = input.config ?? defaultConfig(transport, name);
  return {
    ...entity,
    name,
    slug: slugify(name),
    description: checkText('description', input.description ?? '', LIMITS.descriptionLength),
    transport,
    ...wayTo(input, transport, addresses),
    config: config === undefined ? undefined : checkConfig(config),
    secrets: input.secrets && checkSecrets(input.secrets),
    era: input.era ?? 'auto',
    timeoutMs: input.timeoutMs === undefined ? undefined : checkTimeout(input.timeoutMs),
  };
}

function transportOf(input: UpstreamInput): UpstreamTransport {
  if (input.command !== undefined) return 'stdio';
  if (input.url !== undefined && isWebSocketUrl(input.url)) return 'websocket';
  if (input.url !== undefined && isGrpcUrl(input.url)) return 'grpc';
  return input.url !== undefined && /\/sse\/?([?#]|$)/.test(input.url) ? 'sse' : 'streamable-http';
}

/** A server of this process stays the same one when its upstream gets another name. */
function defaultConfig(transport: UpstreamTransport, name: string): string | undefined {
  return transport === 'in-process' ? JSON.stringify({ server: name }) : undefined;
}

type WayTo = Pick<UpstreamRecord, 'url' | 'command' | 'args' | 'env' | 'cwd' | 'headers'>;

function wayTo(input: UpstreamInput, transport: UpstreamTransport, addresses: AddressPolicy | undefined): WayTo {
  if (transport === 'stdio') return launch(input);
  return transport === 'in-process' ? inside(input) : address(input, transport, addresses);
}

function inside(input: UpstreamInput): WayTo {
  for (const field of ['url', 'command', 'env'] as const) {
    if (input[field] !== undefined) throw invalid(field, 'does not go with a server in this process');
  }
  if (input.headers?.length) throw invalid('headers', 'does not go with a server in this process');
  return { headers: [] };
}

function address(input: UpstreamInput, transport: UpstreamTransport, addresses: AddressPolicy | undefined): WayTo {
  if (input.url === undefined) throw invalid('url', 'is missing (or send "command" for an upstream on stdio)');
  if (input.command !== undefined) throw invalid('command', 'does not go with a url');
  const url = checkUpstreamUrl(input.url, { schemes: SCHEMES[transport], addresses });
  return { url, headers: checkHeaders(input.headers ?? []) };
}

function launch(input: UpstreamInput): WayTo {
  if (input.command === undefined) throw invalid('command', 'is missing');
  if (input.url !== undefined) throw invalid('url', 'does not go with a command');
  if (input.headers?.length) throw invalid('headers', 'does not go with a command; use "env"');
  const args = checkCount('args', input.args ?? [], LIMITS.args);
  return {
    command: checkLine('command', input.command, LIMITS.argLength),
    args: args.map((arg) => checkNoNul('args', arg, LIMITS.argLength)),
    env: checkEnv(input.env ?? {}),
    cwd: input.cwd === undefined ? undefined : checkLine('cwd', input.cwd, LIMITS.argLength),
    headers: [],
  };
}

function checkHeaders(headers: readonly SecretHeader[]): readonly SecretHeader[] {
  checkCount('headers', headers, LIMITS.headers);
  const names = new Set<string>();
  return headers.map((header) => {
    const name = header.name.trim();
    const value = header.value.trim();
    const key = name.toLowerCase();
    if (!HEADER_NAME.test(name) || name.length > LIMITS.headerNameLength) {
      throw invalid('headers', `"${name.slice(0, 40)}" is not the name of a header`);
    }
    if (RESERVED_HEADERS.has(key)) throw invalid('headers', `"${name}" cannot be set: the gateway writes it itself`);
    if (names.has(key)) throw invalid('headers', `"${name}" stands twice`);
    if (!HEADER_VALUE.test(value) || value.length > LIMITS.headerValueLength) {
      throw invalid('headers', `the value of "${name}" has characters that a header cannot carry, or is too long`);
    }
    names.add(key);
    return { name, value };
  });
}

function checkEnv(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = checkCount('env', Object.entries(env), LIMITS.env);
  for (const [name, value] of entries) {
    if (!ENV_NAME.test(name)) throw invalid('env', `"${name.slice(0, 40)}" is not the name of a variable`);
    checkNoNul('env', value, LIMITS.headerValueLength);
  }
  return Object.fromEntries(entries);
}

function checkConfig(config: string): string {
  if (config.length > LIMITS.configLength)
    throw invalid('config', `must have at most ${LIMITS.configLength} characters`);
  if (!JsonText.parse(config).isObject) throw invalid('config', 'must be the JSON text of an object');
  return config;
}

function checkSecrets(secrets: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = checkCount('secrets', Object.entries(secrets), LIMITS.secrets);
  for (const [name, value] of entries) checkNoNul(`secrets.${name.slice(0, 40)}`, value, LIMITS.secretLength);
  return secrets;
}

function checkNoNul(field: string, value: string, max: number): string {
  if (value.length > max || value.includes('\0')) throw invalid(field, `must be at most ${max} characters without NUL`);
  return value;
}

function checkTimeout(timeoutMs: number): number {
  if (Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= LIMITS.timeoutMs) return timeoutMs;
  throw invalid('timeout', `must be 1 to ${LIMITS.timeoutMs} milliseconds`);
}
