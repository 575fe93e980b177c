/** @module The one list of what ships: stores, upstream adapters, authenticators, plugins. To add one, add it here. */
import { join } from 'node:path';
import { basicAuthenticator, verifyPassword } from '@forge/auth-basic';
import { jwtAuthenticator, type VerifyingKey } from '@forge/auth-jwt';
import {
  type AddressPolicy,
  type Authenticator,
  type PrincipalDirectory,
  type Sealer,
  type SecretHeader,
  type Store,
  type UpstreamAdapter,
} from '@forge/core';
import { type Guardrail, GUARDRAILS } from '@forge/guardrails';
import { guardedLookup } from '@forge/outgoing';
import { JsonText } from '@forge/protocol';
import { createSqlStore, parseDatabaseUrl, sqlite, type SqlDialect } from '@forge/store-sql';
import { httpUpstream } from '@forge/transport-http';
import { stdioUpstream } from '@forge/transport-stdio';
import { wsUpstream } from '@forge/transport-ws';
import { grpcAdapter } from '@forge/upstream-grpc';
import { restAdapter } from '@forge/upstream-rest';
import { a2aAdapter } from '@forge/upstream-a2a';
import type { Logger } from 'pino';
import type { Settings } from './config/schema.ts';
import { readKeyFile } from './key-file.ts';
import type { Secrets } from './secrets.ts';
import { packageVersion } from './version.ts';

/** How the gateway names itself to upstreams and clients. */
export const IDENTITY = { name: 'forge-gateway', version: packageVersion() };

/** Opens the configured database, or the one in the data directory. */
export function openStore(settings: Settings): Store {
  return createSqlStore({ dialect: dialectOf(settings) });
}

/** Where the database is; without a password. */
export function describeDatabase(settings: Settings): string {
  const { name, location } = dialectOf(settings);
  return `${name}, ${location}`;
}

/** What adapters need besides the settings. */
export interface AdapterParts {
  readonly addresses: AddressPolicy;
  readonly sealer: Sealer;
  readonly log: Logger;
}

/** What can be called. */
export function createAdapters(
  settings: Settings,
  { addresses, sealer, log }: AdapterParts,
): readonly UpstreamAdapter[] {
  const clientInfo = JsonText.of(IDENTITY);
  const refusesAddress = (host: string): boolean => addresses.refusal(host) !== undefined;
  const timeoutMs = settings.TOOL_TIMEOUT * 1000;
  return [
    {
      transports: ['streamable-http', 'sse'],
      create: ({ url = '', headers, transport, era, timeoutMs: own }, events) =>
        httpUpstream({
          url,
          headers: headersOf(headers),
          // An old server is still found behind an address that was thought to be a new one's.
          transport: transport === 'sse' ? 'sse' : 'auto',
          era,
          events,
          clientInfo,
          requestTimeoutMs: own ?? timeoutMs,
          refusesAddress,
        }),
    },
    {
      transports: ['websocket'],
      create: ({ url = '', headers, era, timeoutMs: own }, events) =>
        wsUpstream({
          url,
          headers: headersOf(headers),
          era,
          events,
          clientInfo,
          requestTimeoutMs: own ?? timeoutMs,
          lookup: guardedLookup(refusesAddress),
        }),
    },
    {
      transports: ['stdio'],
      create: ({ name, command = '', args, env, cwd, era, timeoutMs: own }, events) =>
        stdioUpstream({
          command,
          args,
          env,
          cwd,
          era,
          events,
          clientInfo,
          requestTimeoutMs: own ?? timeoutMs,
          onStderr: (line) => log.debug({ upstream: name }, line),
          onNoise: (line) =>
            log.warn({ upstream: name, line: line.slice(0, 200) }, 'stdout has a line that is no message'),
        }),
    },
    restAdapter({
      addresses,
      timeoutMs,
      maxRetries: settings.MAX_TOOL_RETRIES,
      maxAnswerBytes: settings.REST_MAX_ANSWER_BYTES,
      userAgent: `${IDENTITY.name}/${IDENTITY.version}`,
    }),
    grpcAdapter({ requestTimeoutMs: timeoutMs, refusesAddress }),
    ...(settings.MCPGATEWAY_A2A_ENABLED
      ? [
          a2aAdapter({
            sealer,
            requestTimeoutMs: (settings.MCPGATEWAY_A2A_DEFAULT_TIMEOUT ?? settings.TOOL_TIMEOUT) * 1000,
            refuses: refusesAddress,
          }),
        ]
      : []),
  ];
}

/** The kinds of plugins that need no module. */
export const PLUGIN_KINDS: readonly Guardrail[] = GUARDRAILS;

function headersOf(headers: readonly SecretHeader[]): Record<string, string> {
  return Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value]));
}

/** What an authenticator may need. */
export interface AuthParts {
  readonly secrets: Secrets;
  readonly store: Store;
  readonly directory: PrincipalDirectory;
  readonly isRevoked: (jti: string) => boolean;
}

/** Who is believed, in the order in which they are asked. */
export function createAuthenticators(settings: Settings, parts: AuthParts): readonly Authenticator[] {
  const { secrets, store, directory, isRevoked } = parts;
  const jwt = jwtAuthenticator({
    ...verifyingKey(settings, secrets),
    directory,
    isRevoked,
    algorithm: settings.JWT_ALGORITHM,
    issuer: settings.JWT_ISSUER,
    audience: settings.JWT_AUDIENCE,
    requireExp: settings.REQUIRE_TOKEN_EXPIRATION,
    requireJti: settings.REQUIRE_JTI,
  });
  if (!settings.API_ALLOW_BASIC_AUTH) return [jwt];
  const basic = basicAuthenticator({
    async verify(email, password) {
      const user = await store.users.get(email);
      return (await verifyPassword(password, user?.passwordHash)) ? directory.find(email) : undefined;
    },
    directory,
  });
  return [jwt, basic];
}

function verifyingKey({ JWT_ALGORITHM, JWT_PUBLIC_KEY_PATH = '' }: Settings, { jwtSecretKey }: Secrets): VerifyingKey {
  if (JWT_ALGORITHM.startsWith('HS')) return { secret: jwtSecretKey.reveal() };
  return { publicKey: readKeyFile('JWT_PUBLIC_KEY_PATH', JWT_PUBLIC_KEY_PATH) };
}

function dialectOf({ DATABASE_URL, FORGE_DATA_DIR }: Settings): SqlDialect {
  return DATABASE_URL === undefined
    ? sqlite({ path: join(FORGE_DATA_DIR, 'forge.db') })
    : parseDatabaseUrl(DATABASE_URL.reveal());
}
