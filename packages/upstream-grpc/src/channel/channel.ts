/** @module A channel to one target: one HTTP/2 connection, which is not made again once it is lost. */
import { ForgeError } from '@forge/protocol';
import type { Metadata } from '../metadata.ts';
import { addressesOf } from './addresses.ts';
import { type Channel, connectTo, type ConnectionSettings } from './connection.ts';
import { checkHealth } from './health.ts';

/** How a target is reached. */
export interface ChannelSettings extends ConnectionSettings {
  readonly metadata: Metadata;
  readonly connectTimeoutMs: number;
  refusesAddress(host: string): boolean;
}

/**
 * Connects, and asks the server for its health. The addresses of a name are tried in turn, each for its share of the time
 * that is left.
 *
 * @throws ForgeError `upstream_unreachable`
 */
export async function openChannel(settings: ChannelSettings): Promise<Channel> {
  const end = Date.now() + settings.connectTimeoutMs;
  const addresses = await addressesOf(settings, settings.refusesAddress);
  let failure: unknown = new ForgeError('upstream_unreachable', `${settings.host} has no address`);
  for (const [at, address] of addresses.entries()) {
    const deadline = Date.now() + Math.max(end - Date.now(), 0) / (addresses.length - at);
    try {
      return await openAt(address, settings, deadline);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function openAt(address: string, settings: ChannelSettings, deadline: number): Promise<Channel> {
  const channel = await connectTo(address, settings, deadline - Date.now());
  try {
    await checkHealth(channel, settings.metadata, deadline);
    return channel;
  } catch (error) {
    channel.close();
    throw error;
  }
}
