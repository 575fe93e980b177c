/**
 * @module One client's socket, served. Its credentials came with the handshake and may end before it does: who calls, and
 * what there is for them, is asked again with every message, as with every request over HTTP, and while it is idle.
 */
import type { IncomingMessage } from 'node:http';
import {
  admit,
  type AdmissionOptions,
  type Caller,
  type Channel,
  type Endpoint,
  ForgeError,
  serveChannel,
} from '@forge/protocol';
import type { Beating } from '../heartbeats.ts';
import type { SocketChannel } from '../socket-channel.ts';

/** What the handshake said. */
export interface Handshake {
  readonly request: IncomingMessage;
  readonly path: string;
  readonly caller: Caller;
  readonly endpoint: Endpoint;
  readonly upstreamAuthorization: string | undefined;
}

/** A socket that is served. */
export interface ServedSocket extends Beating {
  /** Lets calls in flight finish, for at most `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** Serves until the socket closes. */
export function serveSocket(
  channel: SocketChannel,
  { request, path, caller: first, endpoint, upstreamAuthorization }: Handshake,
  options: AdmissionOptions<IncomingMessage>,
): ServedSocket {
  /** Messages whose sender is being looked at, in their order. */
  const waiting: string[] = [];
  const admitted: Channel = {
    onMessage() {},
    onClose() {},
    send: (message) => channel.send(message),
    close: () => channel.close(1001, 'The server is shutting down'),
  };
  const edge = serveChannel(endpoint, admitted, { caller: first, upstreamAuthorization, bareRequests: true });

  function renew(caller: Caller, found: Endpoint): void {
    if (caller.id !== first.id || found.key !== endpoint.key) throw new ForgeError('forbidden');
    edge.renew(caller, found);
  }

  function deliver(caller: Caller, found: Endpoint): void {
    renew(caller, found);
    for (const text of waiting.splice(0)) admitted.onMessage(text);
    channel.resume();
  }

  function refuse(thrown: unknown): void {
    const { httpStatus, title } = ForgeError.from(thrown).meaning;
    waiting.length = 0;
    channel.end(httpStatus < 500 ? 1008 : 1011, title);
  }

  channel.onMessage = (text) => {
    waiting.push(text);
    if (waiting.length === 1) admit(options, request, path, deliver, refuse);
    else channel.pause();
  };
  channel.onClose = (error) => admitted.onClose(error);
  return {
    beat() {
      admit(options, request, path, renew, refuse);
      channel.beat();
    },
    close: (graceMs) => edge.close(graceMs),
  };
}
