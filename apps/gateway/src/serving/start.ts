/** @module Puts the gateway together, starts it, and ends it in order. */
import {
  createAuditTrail,
  createForge,
  createMemoryBus,
  createMetrics,
  createSealer,
  type Endpoint,
  ForgeError,
  type Principal,
} from '@forge/core';
import { createHttpEdge } from '@forge/protocol';
import { createCors, createMcpListener, createSseListener } from '@forge/transport-http';
import type { Logger } from 'pino';
import { ConfigError } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { isLoopback } from '../loopback.ts';
import type { ConfiguredUpstream } from '../mcp-servers/read.ts';
import { createAdapters, createAuthenticators, IDENTITY, openStore } from '../modules.ts';
import { loadSecrets } from '../secrets.ts';
import { createAuthenticate } from './authenticate.ts';
import { registerConfigured } from './configured-upstreams.ts';
import { ensureFirstAdmin } from './first-admin.ts';
import { closeServer, createHttpServer, listen } from './http-server.ts';
import { parseMcpPath } from './mcp-path.ts';

/** What a start needs besides the settings. */
export interface StartOptions {
  readonly log: Logger;
  /** Registered, or brought up to date, before the gateway is ready; connected in the background. */
  readonly upstreams: readonly ConfiguredUpstream[];
  /** Gets the first administrator's generated password: the only moment at which it is known. */
  onFirstAdmin(password: string): void;
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
 * @throws ConfigError, ForgeError
 */
export async function startGateway(settings: Settings, { log, upstreams, onFirstAdmin }: StartOptions): Promise<Gateway> {
  const generated = loadSecrets(settings.FORGE_DATA_DIR);
  const secrets = {
    jwtSecretKey: settings.JWT_SECRET_KEY ?? generated.jwtSecretKey,
    authEncryptionSecret: settings.AUTH_ENCRYPTION_SECRET ?? generated.authEncryptionSecret,
  };
  /** What is open, to be closed in reverse. */
  const open: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= closeAll(open, log));
