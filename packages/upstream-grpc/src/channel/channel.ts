/** @module A channel to one target: one HTTP/2 connection, which is not made again once it is lost. */
import { isIP } from 'node:net';
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  compressionAlgorithms,
  connectivityState,
  credentials,
  type Metadata,
} from '@grpc/grpc-js';
import type { TlsOptions } from '../grpc-upstream.ts';
import { authority, type HostPort, targetsOf } from './addresses.ts';
import { checkHealth } from './health.ts';

/** How a target is reached. */
export interface ChannelSettings extends HostPort {
  /** Absent: plain text. */
  readonly tls?: TlsOptions | undefined;
  readonly metadata: Metadata;
  readonly gzip: boolean;
  readonly maxMessageBytes: number;
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  refusesAddress(host: string): boolean;
}

const KEEP_ALIVE_TIMEOUT_MS = 20_000;
/** A connection that is lost is not made again by the channel: its owner makes a new channel, and looks the name up again. */
const NEVER_MS = 864_000_000;

/**
 * Connects, and asks the server for its health.
 *
 * @throws ForgeError `upstream_unreachable`
 */
export async function openChannel(settings: ChannelSettings): Promise<Client> {
  const targets = await targetsOf(settings, settings.refusesAddress);
  const patience = settings.connectTimeoutMs / targets.length;
  let failure: unknown;
  for (const target of targets) {
    const client = new Client(target, credentialsOf(settings.tls), optionsOf(settings));
    try {
      await checkHealth(client, settings.metadata, Date.now() + patience);
      return client;
    } catch (error) {
      client.close();
      failure = error;
    }
  }
  throw failure;
}

/** Calls `lost` once the connection has ended for whatever reason, except by `client.close`. */
export function onLost(client: Client, lost: () => void): void {
  const channel = client.getChannel();
  const look = (): void => {
    const state = channel.getConnectivityState(false);
    if (state === connectivityState.SHUTDOWN) return;
    if (state === connectivityState.READY) channel.watchConnectivityState(state, Infinity, look);
    else lost();
  };
  look();
}

function credentialsOf(tls: TlsOptions | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { ca, cert, key } = tls;
  return credentials.createSsl(bytes(ca), bytes(key), bytes(cert));
}

function bytes(pem: string | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

function optionsOf({ host, port, tls, gzip, maxMessageBytes, keepAliveMs }: ChannelSettings): ChannelOptions {
  const serverName = tls?.serverName ?? (isIP(host) === 0 ? host : undefined);
  return {
    'grpc.default_authority': authority(host, port),
    ...(tls && serverName !== undefined && { 'grpc.ssl_target_name_override': serverName }),
    ...(gzip && { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip }),
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc.keepalive_time_ms': keepAliveMs,
    'grpc.keepalive_timeout_ms': KEEP_ALIVE_TIMEOUT_MS,
    'grpc.client_idle_timeout_ms': NEVER_MS,
    'grpc.initial_reconnect_backoff_ms': NEVER_MS,
    'grpc.max_reconnect_backoff_ms': NEVER_MS,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0, // whether a call is safe to repeat is not grpc-js's to guess
    'grpc.enable_http_proxy': 0, // a proxy would look names up where they cannot be checked
    'grpc.service_config_disable_resolution': 1,
    'grpc.enable_channelz': 0,
  };
}
