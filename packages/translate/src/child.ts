/** @module A stdio server as clients need it: started again when it died, later and later. */
import type { Channel } from '@forge/protocol';
import { spawnChannel, type SpawnChannelOptions } from '@forge/transport-stdio';
import { createBackOff } from './back-off.ts';

/** A program that can be started any number of times. */
export interface Child {
  /** Starts it; later and later after failures in a row. */
  open(): Promise<Channel>;
  /** Starts it no more; whoever waits for that is refused. */
  stop(): void;
}

/** @param onDeath gets the error of a child that ended unasked: its exit code and last lines of stderr */
export function createChild(options: SpawnChannelOptions, onDeath: (error: Error) => void): Child {
  const backOff = createBackOff();
  const stopping = new AbortController();

  return {
    async open() {
      const channel = await backOff.run(() => spawnChannel(options), stopping.signal);
      const watched: Channel = {
        onMessage() {},
        onClose() {},
        send: (message) => channel.send(message),
        close: () => channel.close(),
      };
      channel.onMessage = (message) => watched.onMessage(message);
      channel.onClose = (error) => {
        backOff.failed();
        onDeath(error);
        watched.onClose(error);
      };
      return watched;
    },
    stop: () => stopping.abort(),
  };
}
