/** @module A bus for one process: replicas that share the object hear each other. */
import { ForgeError } from '@forge/protocol';
import type { Bus, BusMessage } from '../contracts/bus.ts';

/** Options of {@link createMemoryBus}. */
export interface MemoryBusOptions {
  /** Told what a listener threw; the other listeners get the message all the same. @default ignored */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Makes a bus in memory. A message has reached every subscriber when `publish` resolves.
 *
 * @example
 * const bus = createMemoryBus();
 * const stop = bus.subscribe((message) => console.error(message.type));
 * await bus.publish({ type: 'changed' });
 */
export function createMemoryBus({ onError = () => {} }: MemoryBusOptions = {}): Bus {
  const subscriptions = new Set<{ readonly listener: (message: BusMessage) => void }>();
  let closed = false;

  return {
    async publish(message) {
      if (closed) throw new ForgeError('internal', 'The bus is closed');
      const shared = Object.freeze({ ...message });
      const reached = [...subscriptions]; // who subscribes while it is delivered gets the next one
      for (const subscription of reached) {
        if (!subscriptions.has(subscription)) continue;
        try {
          subscription.listener(shared);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe(listener) {
      const subscription = { listener };
      if (!closed) subscriptions.add(subscription);
      return () => void subscriptions.delete(subscription);
    },
    async close() {
      closed = true;
      subscriptions.clear();
    },
  };
}
