/** @module grpc.health.v1: whether a server that says how it is says that it serves. */
import { ForgeError } from '@forge/protocol';
import { unreachable } from '../calls/failure.ts';
import type { Metadata } from '../metadata.ts';
import type { Channel } from './connection.ts';
import { Status } from './status.ts';

const PATH = '/grpc.health.v1.Health/Check';
/** The tag of `HealthCheckResponse.status`, and its values. */
const STATUS_TAG = 0x08;
const NOT_SERVING = 2;
/** Statuses that mean that nobody was there to answer. */
const NOBODY: ReadonlySet<number> = new Set([Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED]);

/**
 * Asks for the health of the server as a whole. One that does not offer that, or not to us, counts as healthy: it is
 * there.
 *
 * @param deadline milliseconds since 1970
 * @throws ForgeError `upstream_unreachable`
 */
export function checkHealth(channel: Channel, metadata: Metadata, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let serves = true;
    channel.call({
      path: PATH,
      metadata,
      deadline,
      messages: [new Uint8Array()],
      onMessage: (bytes) => (serves = !(bytes[0] === STATUS_TAG && bytes[1] === NOT_SERVING)),
      onEnd(failure) {
        if (failure !== undefined && NOBODY.has(failure.code)) reject(unreachable(failure));
        else if (failure !== undefined || serves) resolve();
        else reject(new ForgeError('upstream_unreachable', 'The server says of its health that it is NOT_SERVING'));
      },
    });
  });
}
