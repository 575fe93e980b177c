/** @module Puts the gateway together, starts it, and ends it in order. */
import { setMaxListeners } from 'node:events';
import { createApi } from '@forge/api';
import { type ConfiguredUpstream, isLoopback } from '@forge/cli';
import {
  type Bus,
  type CallObserver,
  createAuditTrail,
  createForge,
  createMemoryBus,
  createMetrics,
  createSealer,
  createSessionMemory,
  createUsageMeter,
  type Forge,
  ForgeError,
  type Metrics,
  observeCalls,
  type Principal,
  type Store,
  type UsageMeter,
} from '@forge/core';
import { createHttpEdge, type Endpoint, type HttpEdge, serverClosed } from '@forge/protocol';
import { createAgentServer } from '@forge/upstream-a2a';
import type { Logger } from 'pino';
import type { Settings } from '../config/schema.ts';
import { addressPolicy } from '../outgoing.ts';
import { loadPlugins } from '../plugins/load.ts';
import { logPluginEvents } from '../plugins/plugin-log.ts';
import { toolLimits, toolRetries } from './tool-limits.ts';
import { createAdapters, createAuthenticators, describeDatabase, IDENTITY, openStore } from '../modules.ts';
import { deriveKey, loadSecrets, type Secrets } from '../secrets.ts';
import { agentCounts } from './agent-counts.ts';
import { createAgentCallbacks } from './agent-callbacks.ts';
import { createApiCallbacks } from './api-callbacks.ts';
import { createAuthenticate } from './authenticate.ts';
import { documentReader } from './read-document.ts';
import { registerConfigured } from './configured-upstreams.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { challengeOf, createHttpServer } from './http-server.ts';
import { rememberCaller } from './remember-caller.ts';
import { createPushOutcomes } from './push-outcomes.ts';
import { createRevocations } from './revocations.ts';
import { logUpstreams } from './upstream-log.ts';

/** What a start needs besides the settings. */
export interface StartOptions {
  readonly log: Logger;
  /** Registered, or brought up to date, before the gateway is ready; connected in the background. */
  readonly upstreams: readonly ConfiguredUpstream[];
  /** Gets the first administrator's generated password: the only moment at which it is known. */
  readonly onFirstAdmin: (password: string) => void;
}

/** A gateway that serves. */
export interface Gateway {
  readonly url: string;
  /** Calls in flight finish within `SHUTDOWN_TIMEOUT`, children are ended, what is buffered is written. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts the gateway; resolves once it answers.
 *
 * @throws ConfigError, ForgeError; nothing stays open then
 */
export async function startGateway(settings: Settings, options: StartOptions): Promise<Gateway> {
  const { log } = options;
  const closers: (() => void | Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= closeAll(closers, log));
  try {
    const secrets = loadSecrets(settings);
    const store = openStore(settings);
    closers.push(() => store.close());
    const bus = createMemoryBus();
    closers.push(() => bus.close());
    const parts = { secrets, store, bus, metrics: createMetrics(), usage: createUsageMeter(), log, closers };
    const forge = await startForge(settings, parts);
    await fillRegistry(settings, { ...parts, forge, ...options });
    return { url: await serve(settings, forge, parts), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Parts {
  readonly secrets: Secrets;
  readonly store: Store;
  readonly bus: Bus;
  readonly metrics: Metrics;
  readonly usage: UsageMeter;
  readonly log: Logger;
  /** What is open, in the order in which it was opened. */
  readonly closers: (() => void | Promise<void>)[];
}

async function startForge(settings: Settings, parts: Parts): Promise<Forge> {
  const { secrets, store, bus, metrics, usage, log, closers } = parts;
  await store.migrate();
  const { plugins, warnings } = await loadPlugins(settings, log);
  for (const warning of warnings) log.warn(warning);
  const observers: CallObserver[] = [];
  if (settings.METRICS_ENABLED) observers.push(metrics.observe);
  if (settings.AUDIT_TRAIL_ENABLED) {
    const audit = createAuditTrail(store, {
      keep: settings.AUDIT_TRAIL_MAX_RECORDS,
      onLost: (count, cause) => log.error({ lost: count, err: cause }, 'records of the audit trail were lost'),
    });
    closers.push(() => audit.close());
    observers.push(audit.observe);
  }
  const addresses = addressPolicy(settings);
  const sealer = createSealer(secrets.authEncryptionSecret.reveal());
  const forge: Forge = await createForge({
    store,
    bus,
    sealer,
    adapters: createAdapters(settings, { addresses, sealer, log }),
    addresses,
    interceptors: [...(observers.length === 0 ? [] : [observeCalls(observers)]), ...toolLimits(settings)],
    plugins,
    onPluginEvent: logPluginEvents(log),
    innerInterceptors: toolRetries(settings, () => forge),
    allowStdio: settings.FORGE_ALLOW_STDIO ?? isLoopback(settings.HOST),
    nameSeparator: settings.GATEWAY_TOOL_NAME_SEPARATOR,
    protocolVersions: settings.PROTOCOL_VERSION,
    ...(settings.METRICS_ENABLED && { onUsage: usage.add }),
    health: { checkIntervalMs: settings.HEALTH_CHECK_INTERVAL * 1000 },
    identity: IDENTITY,
  });
  closers.push(() => forge.close(), logUpstreams(forge, log));
  return forge;
}

async function fillRegistry(
  settings: Settings,
  { store, bus, forge, log, upstreams, onFirstAdmin }: StartOptions & Pick<Parts, 'store' | 'bus'> & { forge: Forge },
): Promise<void> {
  const parts = { store, registry: forge.registry };
  const password = await ensureFirstAdmin(parts, settings);
  if (password !== undefined) onFirstAdmin(password);
  // Another process made it, after our snapshot was read.
  else if (forge.catalog.snapshot.users.size === 0) await bus.publish({ type: 'changed' });
  for (const problem of await registerConfigured(parts, upstreams)) log.error(problem);
}

async function serve(settings: Settings, forge: Forge, parts: Parts): Promise<string> {
  const { secrets, store, bus, metrics, usage, log, closers } = parts;
  const counts = agentCounts(metrics, usage);
  const revocations = await createRevocations(store, bus);
  closers.push(() => revocations.close());
  const authenticators = createAuthenticators(settings, {
    secrets,
    store,
    directory: forge.directory,
    isRevoked: (jti) => revocations.has(jti),
  });
  const authenticate = createAuthenticate(authenticators, settings.AUTH_REQUIRED);
  const endpoint = (serverId: string | undefined, principal: Principal) => endpointFor(forge, serverId, principal);
  const edge = createEdge(settings, parts);
  const addresses = addressPolicy(settings);
  const pushOutcomes = createPushOutcomes(log, settings.METRICS_ENABLED);
  const agentServer = createAgentServer({
    push: { refuses: (host) => addresses.refusal(host) !== undefined, onOutcome: pushOutcomes.observe },
    kept: {
      store: store.agentTasks,
      sealer: createSealer(secrets.authEncryptionSecret.reveal()),
      onError: (err) => log.error({ err }, 'the database does not keep tasks of agents'),
    },
  });
  closers.push(() => agentServer.close());
  const agents = createAgentCallbacks({
    forge,
    agents: agentServer,
    endpoint,
    schemes: schemesOf(settings),
    counts,
    enabled: settings.MCPGATEWAY_A2A_ENABLED,
    version: IDENTITY.version,
  });
  const closing = new AbortController();
  setMaxListeners(0, closing.signal); // one of each call
  const server = createHttpServer(settings, {
    giveUp: () => closing.abort(serverClosed()),
    authenticate: rememberCaller(authenticate, () => forge.catalog.snapshot.epoch + revocations.epoch),
    endpoint,
    edge,
    api: createApi({
      registry: forge.registry,
      callbacks: createApiCallbacks({
        forge,
        store,
        metrics,
        counts,
        pushCounts: pushOutcomes.counts,
        edge,
        agents,
        closing: closing.signal,
        endpoint,
        database: describeDatabase(settings),
        readDocument: documentReader(addresses),
        pluginsEnabled: settings.PLUGINS_ENABLED,
      }),
      authenticate: ({ authorization }) => authenticate(authorization),
      version: IDENTITY.version,
      maxBodyBytes: settings.MCP_MAX_BODY_BYTES,
      challenge: challengeOf(settings),
      allowedOrigins: settings.ALLOWED_ORIGINS,
      onError: (error) => {
        if (error.code === 'internal') log.error({ err: error.cause ?? error, errorId: error.id }, 'a request failed');
      },
    }),
  });
  closers.push(() => server.close());
  return server.listen();
}

/** How callers say who they are, as cards say it. */
function schemesOf({ AUTH_REQUIRED, API_ALLOW_BASIC_AUTH }: Settings): readonly ('bearer' | 'basic')[] {
  if (!AUTH_REQUIRED) return [];
  return API_ALLOW_BASIC_AUTH ? ['bearer', 'basic'] : ['bearer'];
}

/** Legacy sessions go on in the next process with these keys, or in another replica. */
function createEdge(settings: Settings, { secrets, store, log, closers }: Parts): HttpEdge {
  const memory = createSessionMemory(store, {
    onError: (err) => log.error({ err }, 'the database does not keep what sessions watch'),
  });
  closers.push(() => memory.close());
  return createHttpEdge({
    sessions: {
      max: settings.MCP_MAX_SESSIONS,
      idleMs: settings.SESSION_TTL * 1000,
      key: deriveKey(secrets.authEncryptionSecret, 'session-ids'),
      memory,
    },
    parked: { key: deriveKey(secrets.authEncryptionSecret, 'parked-calls') },
  });
}

/** A credential that is bound to one virtual server opens no other path, whatever its owner may see. */
function endpointFor(forge: Forge, serverId: string | undefined, principal: Principal): Endpoint | undefined {
  if (principal.serverId !== undefined && principal.serverId !== serverId)
    throw new ForgeError('forbidden', 'This token opens one virtual server only, and not this one');
  return forge.endpoint(serverId, principal);
}

/** In reverse; what fails to close keeps nothing else from closing. */
async function closeAll(closers: readonly (() => void | Promise<void>)[], log: Logger): Promise<void> {
  for (const closer of closers.toReversed()) {
    try {
      await closer();
    } catch (err) {
      log.error({ err }, 'something did not close properly');
    }
  }
}
