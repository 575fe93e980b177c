/** @module The stdio server as clients need it: started again when it died, and its last words told to whom it concerns. */
import type { Channel, JsonText, Outcome } from '@forge/protocol';
import { spawnChannel, type SpawnChannelOptions } from '@forge/transport-stdio';
import { createBackOff } from './back-off.ts';

/** A program that can be started any number of times. */
export interface Child {
  /** Starts it; later and later after failures in a row. */
  open(): Promise<Channel>;
  /** Adds exit code and last lines of stderr to the error of a call that the child's death ended. */
  explain(outcome: Outcome): Outcome;
}

/** @param onDeath gets the error of a child that ended unasked: its exit code and last lines of stderr */
export function createChild(options: SpawnChannelOptions, onDeath: (error: Error) => void): Child {
  const backOff = createBackOff();
  let lastWords: string | undefined;

  return {
    async open() {
      const channel = await backOff.run(() => spawnChannel(options));
      const watched: Channel = {
        onMessage() {},
        onClose() {},
        send: (message) => channel.send(message),
        close: () => channel.close(),
      };
      channel.onMessage = (message) => watched.onMessage(message);
      channel.onClose = (error) => {
        backOff.failed();
        lastWords = error.message;
        onDeath(error);
        watched.onClose(error);
      };
      return watched;
    },
    explain(outcome) {
      const { error } = outcome;
      if (error === undefined || lastWords === undefined || !endedByDeath(error.data)) return outcome;
      return { era: outcome.era, error: { ...error, message: `${error.message}. ${lastWords}` } };
    },
  };
}

function endedByDeath(data: JsonText | undefined): boolean {
  const code = (data?.value as { code?: unknown } | undefined)?.code;
  return code === 'outcome_unknown' || code === 'upstream_unreachable';
}
