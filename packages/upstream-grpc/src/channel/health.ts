/** @module grpc.health.v1: whether a server that says how it is says that it serves. */
import { type Client, type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ForgeError } from '@forge/protocol';
import { unreachable } from '../calls/failure.ts';

const PATH = '/grpc.health.v1.Health/Check';
/** The tag of `HealthCheckResponse.status`, and its values. */
const STATUS_TAG = 0x08;
const NOT_SERVING = 2;
/** Statuses that mean that nobody was there to answer. */
const NOBODY: ReadonlySet<status> = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

/**
 * Asks for the health of the server as a whole. One that does not offer that, or not to us, counts as healthy: it is
 * there.
 *
 * @param deadline milliseconds since 1970
 * @throws ForgeError `upstream_unreachable`
 */
export function checkHealth(client: Client, metadata: Metadata, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const answered = (error: ServiceError | null, bytes?: Buffer): void => {
      if (error !== null && NOBODY.has(error.code)) reject(unreachable(error));
      else if (error === null && bytes?.[0] === STATUS_TAG && bytes[1] === NOT_SERVING) {
        reject(new ForgeError('upstream_unreachable', 'The server says of its health that it is NOT_SERVING'));
      } else resolve();
    };
    client.makeUnaryRequest(PATH, same, same, Buffer.alloc(0), metadata, { deadline }, answered);
  });
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
